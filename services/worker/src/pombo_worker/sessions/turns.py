"""Turns: what is done to one instance on this worker, one thing at a time, but for what may go side by side."""

import asyncio
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SIDE_BY_SIDE = 8
"""How many shared turns of one instance run at once."""


class Turn:
    """A lock, in the order of asking. `async with turn` has it alone; `async with turn.shared()` beside others."""

    def __init__(self) -> None:
        """Begin free."""
        self._door = asyncio.Lock()
        self._inside = 0
        self._left = asyncio.Event()

    async def __aenter__(self) -> None:
        """Wait for all that came before."""
        await self._door.acquire()
        try:
            await self._until_fewer_than(1)
        except BaseException:
            self._door.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        """Let the next in."""
        self._door.release()

    def locked(self) -> bool:
        """Tell whether somebody has it alone, or waits at its door."""
        return self._door.locked()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Wait for those who had it alone before, and for a free place."""
        async with self._door:
            await self._until_fewer_than(SIDE_BY_SIDE)
            self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            self._left.set()

    async def _until_fewer_than(self, count: int) -> None:
        while self._inside >= count:
            self._left.clear()
            await self._left.wait()


class Turns:
    """A turn for each instance name; it lives for as long as somebody has it or waits for it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._turns: weakref.WeakValueDictionary[str, Turn] = weakref.WeakValueDictionary()

    def of(self, name: str) -> Turn:
        """Return the turn of one name."""
        return self._turns.setdefault(name, Turn())
