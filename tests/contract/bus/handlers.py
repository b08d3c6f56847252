"""Handlers of commands that tests serve with."""

import asyncio

from pombo_common.ports.bus import Disposition, Done, Request


async def echo(request: Request) -> Disposition:
    """Reply with the command itself."""
    return Done(b"re:" + request.body)


class Gate:
    """A handler that holds every command until it is opened, and counts.

    Attributes:
        running: handlers in it now.
        most: the most that were in it at once.
        entered: set once a handler is in it.
    """

    def __init__(self) -> None:
        self.running = 0
        self.most = 0
        self.entered = asyncio.Event()
        self._opened = asyncio.Event()

    def open(self) -> None:
        """Let all go on."""
        self._opened.set()

    async def handle(self, request: Request) -> Disposition:
        """Hold, then reply."""
        self.running += 1
        self.most = max(self.most, self.running)
        self.entered.set()
        try:
            await self._opened.wait()
        finally:
            self.running -= 1
        return await echo(request)
