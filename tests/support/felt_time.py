"""How long something took, without the time for which the machine itself stood still."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

TICK_SECONDS = 0.02


class FeltTime:
    """Seconds between the beginning and the end of a body that this test's own loop was there to feel.

    A call that is given up after two seconds takes five where the machine stalls for three: its deadline has passed
    meanwhile, and nobody could act on it. Ticks beside the call find how late the loop itself woke, and that is taken
    off, so that a bound on the call stays as tight as its promise.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._due = self._began + TICK_SECONDS
        self._stalled = 0.0
        self._ended: float | None = None

    @property
    def seconds(self) -> float:
        """How long it took; while it goes on, so far."""
        return (self._ended or time.monotonic()) - self._began - self._stalled

    async def tick(self) -> None:
        """Look at the clock again and again, for ever."""
        while True:
            self._due = time.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self._note(time.monotonic())

    def end(self) -> None:
        """Take the time; of a stall that is just over the next tick may not know yet."""
        self._ended = time.monotonic()
        self._note(self._ended)

    def _note(self, now: float) -> None:
        late = now - self._due
        # Any loop is a little late; that much is no stall.
        if late > TICK_SECONDS:
            self._stalled += late


@contextlib.asynccontextmanager
async def felt_time() -> AsyncIterator[FeltTime]:
    """Take the time of the body, which may end with an error."""
    took = FeltTime()
    ticking = asyncio.create_task(took.tick())
    try:
        yield took
    finally:
        took.end()
        ticking.cancel()
