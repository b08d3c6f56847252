"""How long the events of one session may wait for what belongs inside them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TRY_SECONDS = 5.0
"""How long one file is waited for."""

BACKLOG_SECONDS = 15.0
"""How long all of the events that are queued wait together; those behind go out as they are."""


class Patience:
    """What is left of the time that a session's events may wait; they are written one by one, in their order."""

    def __init__(self) -> None:
        """Begin with all of it."""
        self._left = BACKLOG_SECONDS
        self._over = False
        self._waiting: asyncio.Timeout | None = None

    def renew(self) -> None:
        """Take note that nothing more is queued, or that a new connection begins."""
        self._left = BACKLOG_SECONDS
        self._over = False

    def end(self) -> None:
        """Take note that the connection has closed: its close waits for nothing that comes before it."""
        self._over = True
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(asyncio.get_running_loop().time())

    @property
    def exhausted(self) -> bool:
        """Whether nothing may be waited for now."""
        return self._over or self._left <= 0

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[float]:
        """Wait for what the body does, for so many seconds as it is told.

        Raises:
            TimeoutError: it took longer, or the connection closed.
        """
        seconds = min(TRY_SECONDS, self._left)
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds) as self._waiting:
                yield seconds
        finally:
            self._waiting = None
            self._left -= time.monotonic() - began
