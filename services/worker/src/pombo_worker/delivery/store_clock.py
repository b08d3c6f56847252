"""The Store's clock as a worker can tell it: tries are due by that one, and it lets nobody have them earlier."""

from collections.abc import Callable


class StoreClock:
    """Milliseconds since the epoch, never ahead of the Store's.

    By a clock of our own that is ahead a try would be asked for too early, and then by nobody before the next sweep.
    """

    def __init__(self, clock: Callable[[], int], now: int) -> None:
        """Go on from what the Store told a moment ago.

        Args:
            clock: our own.
            now: what the Store told.
        """
        self._clock = clock
        # One more, since both are cut to whole milliseconds.
        self._behind = clock() - now + 1

    def __call__(self) -> int:
        """Return what it is now."""
        return self._clock() - self._behind

    def until(self, at: int | None) -> float | None:
        """Return the seconds until a moment, 0 when it is past."""
        return None if at is None else max(0.0, (at - self()) / 1000)
