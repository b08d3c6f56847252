"""Turns: what is done to one instance on this worker, one thing at a time."""

import asyncio
import weakref


class Turns:
    """A lock for each instance name; it lives for as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    def of(self, name: str) -> asyncio.Lock:
        """Return the lock of one name."""
        return self._locks.setdefault(name, asyncio.Lock())

    async def soon(self, name: str, seconds: float) -> asyncio.Lock | None:
        """Take the lock of one name, for the caller to release; None when others have it for so many seconds."""
        lock = self.of(name)
        try:
            async with asyncio.timeout(seconds):
                await lock.acquire()
        except TimeoutError:
            return None
        return lock
