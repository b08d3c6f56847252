"""Harm to a Node process from within, through its inspector (`NODE_OPTIONS=--inspect=127.0.0.1:0`)."""

import aiohttp

SENT_SECONDS = 30.0


async def block_forever(inspector: str) -> bool:
    """Make the main thread of a Node process run an endless loop.

    Args:
        inspector: the address that Node printed, `ws://…`.

    Returns:
        Whether it is blocked now; False when the process has ended.

    Raises:
        AssertionError: it still answers.
    """
    try:
        async with aiohttp.ClientSession() as session, session.ws_connect(inspector) as socket:
            await socket.send_json({"id": 1, "method": "Runtime.evaluate", "params": {"expression": "1"}})
            await socket.receive_json(timeout=SENT_SECONDS)
            # No answer comes to this one.
            await socket.send_json({"id": 2, "method": "Runtime.evaluate", "params": {"expression": "for(;;){}"}})
            await _unanswered(socket)
    except aiohttp.ClientConnectionError:
        return False
    return True


async def _unanswered(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Check that the process answers no more."""
    try:
        await socket.send_json({"id": 3, "method": "Runtime.evaluate", "params": {"expression": "1"}})
        await socket.receive_json(timeout=0.5)
    except TimeoutError:
        return
    raise AssertionError("the process is not blocked")
