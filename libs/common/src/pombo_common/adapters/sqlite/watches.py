"""Who waits for changes of which instance, inside this process."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pombo_common.adapters.sqlite.jobs import call_in


class NameWatch:
    """Notices changes of one name; belongs to the loop that began it."""

    def __init__(self) -> None:
        """Begin; only inside a running loop."""
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()

    async def changed(self, seconds: float) -> bool:
        """Wait for a change for at most so many seconds; False when none came."""
        try:
            async with asyncio.timeout(seconds):
                await self._told.wait()
        except TimeoutError:
            return False
        self._told.clear()
        return True

    def tell(self) -> None:
        """Note a change; from any thread."""
        call_in(self._loop, self._told.set)


class Watches:
    """All watches of one Store."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._by_name: dict[str, set[NameWatch]] = {}

    @asynccontextmanager
    async def begin(self, name: str) -> AsyncIterator[NameWatch]:
        """Watch a name until the context ends."""
        watch = NameWatch()
        with self._lock:
            self._by_name.setdefault(name, set()).add(watch)
        try:
            yield watch
        finally:
            with self._lock:
                watching = self._by_name[name]
                watching.discard(watch)
                if not watching:
                    del self._by_name[name]

    def tell(self, name: str) -> None:
        """Tell everyone who watches this name; from any thread."""
        with self._lock:
            watching = tuple(self._by_name.get(name, ()))
        for watch in watching:
            watch.tell()
