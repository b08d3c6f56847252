"""The HTTP server: listens before anything starts, drains, and leaves signals to the whole process."""

import asyncio
import os
import signal
import socket

import httpx
import pytest
from litestar import Litestar, get

from pombo.serving import address_of, bind, serving, until_stopped

pytestmark = pytest.mark.asyncio


async def test_an_app_is_served_while_the_body_runs_and_not_after() -> None:
    listener = bind("127.0.0.1", 0)
    address = address_of(listener)
    life: list[str] = []

    @get("/hello")
    async def hello() -> str:
        return "olá"

    app = Litestar([hello], on_startup=[lambda: life.append("up")], on_shutdown=[lambda: life.append("down")])
    before = signal.getsignal(signal.SIGTERM)
    async with serving(app, listener), httpx.AsyncClient(timeout=30) as client:
        answer = await client.get(f"{address}/hello")
        assert (answer.status_code, answer.text) == (200, "olá")
        assert "server" not in answer.headers
        assert signal.getsignal(signal.SIGTERM) is before
    assert life == ["up", "down"]
    async with httpx.AsyncClient(timeout=30) as client:
        with pytest.raises(httpx.TransportError):
            await client.get(f"{address}/hello")


async def test_a_request_that_runs_when_the_server_stops_is_answered() -> None:
    listener = bind("127.0.0.1", 0)
    begun, go_on = asyncio.Event(), asyncio.Event()

    @get("/slow")
    async def slow() -> str:
        begun.set()
        await go_on.wait()
        return "done"

    async with httpx.AsyncClient(timeout=30) as client:
        async with serving(Litestar([slow]), listener):
            answer = asyncio.create_task(client.get(f"{address_of(listener)}/slow"))
            await asyncio.wait_for(begun.wait(), 30)
            asyncio.get_running_loop().call_soon(go_on.set)
        assert (await answer).text == "done"


async def test_a_taken_port_is_known_at_once() -> None:
    with bind("127.0.0.1", 0) as listener, pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", listener.getsockname()[1])


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "http://127.0.0.1:"), ("0.0.0.0", "http://127.0.0.1:")])  # noqa: S104
async def test_the_address_can_be_opened(host: str, shown: str) -> None:
    with bind(host, 0) as listener:
        assert address_of(listener) == f"{shown}{listener.getsockname()[1]}"


async def test_ipv6_addresses_are_shown_in_brackets() -> None:
    # Not every machine has IPv6: the address is read, nobody is served.
    for host in ("::1", "::"):
        try:
            listener = bind(host, 0)
        except OSError:
            assert not ipv6_works()
            continue
        with listener:
            assert address_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"


def ipv6_works() -> bool:
    """Tell whether this machine lets anyone bind an IPv6 address."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_either_signal_says_stop_and_the_handlers_go(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    stopping = asyncio.create_task(until_stopped())
    await asyncio.sleep(0)
    os.kill(os.getpid(), number)
    await asyncio.wait_for(stopping, 30)
    assert signal.getsignal(number) is before or signal.getsignal(number) == signal.default_int_handler
