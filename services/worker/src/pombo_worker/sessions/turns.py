"""Turns: what is done to one instance on this worker, one thing at a time, but for what may go side by side."""

import asyncio
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SIDE_BY_SIDE = 8
"""How many messages of one instance, and questions about its chats, are with its session at once."""


class Turn:
    """A lock, in the order of asking. `async with turn` has it alone; `async with turn.shared()` beside others."""

    def __init__(self) -> None:
        """Begin free."""
        self._door = asyncio.Lock()
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)
        self._inside = 0
        self._left = asyncio.Event()
        self._keeping: asyncio.TimerHandle | None = None
        self._unkept = asyncio.Event()
        self._unkept.set()

    async def __aenter__(self) -> None:
        """Wait for all that came before."""
        await self._door.acquire()
        try:
            while self._inside:
                self._left.clear()
                await self._left.wait()
        except BaseException:
            self._door.release()
            raise
        self._keep_no_more()

    async def __aexit__(self, *_: object) -> None:
        """Let the next in."""
        self._door.release()

    def locked(self) -> bool:
        """Tell whether somebody has it alone, or waits at its door."""
        return self._door.locked()

    def keep_place(self, seconds: float) -> None:
        """Let nobody in beside others until somebody has had it alone, for so many seconds at most.

        For one who wanted it alone, goes away and will ask again: those who come meanwhile stay behind.
        """
        self._keep_no_more()
        self._unkept.clear()
        # The loop holds on to the turn by this, also when nobody else does.
        self._keeping = asyncio.get_running_loop().call_later(seconds, self._keep_no_more)

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Wait for those who had it alone, or asked for that, before."""
        await self._enter_beside()
        try:
            yield
        finally:
            self._inside -= 1
            self._left.set()

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Have it beside others, in one of the places of what goes through the session."""
        async with self._places, self.shared():
            yield

    async def _enter_beside(self) -> None:
        while True:
            # Not at the door: whoever has a place kept comes through it.
            await self._unkept.wait()
            async with self._door:
                if self._unkept.is_set():
                    self._inside += 1
                    return

    def _keep_no_more(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None
        self._unkept.set()


class Turns:
    """A turn for each instance name; it lives for as long as somebody has it or waits for it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._turns: weakref.WeakValueDictionary[tuple[str, str], Turn] = weakref.WeakValueDictionary()

    def of(self, name: str) -> Turn:
        """Return the turn of one name."""
        return self._named(name, "")

    def waiting(self, name: str) -> Turn:
        """Return the turn of what was started and waits before it goes through the session.

        Whoever takes the session away from this worker has it alone first, so that nothing has waited in vain; those
        who only change or restart the session do not, and so are not held up by it.
        """
        return self._named(name, "waiting")

    def configuring(self, name: str) -> Turn:
        """Return the turn of those who change one instance's configuration beside what goes through its session."""
        return self._named(name, "configuring")

    def apart(self, name: str) -> Turn:
        """Return the turn of those who change nothing of one instance and may take long."""
        return self._named(name, "apart")

    def _named(self, name: str, what: str) -> Turn:
        return self._turns.setdefault((name, what), Turn())
