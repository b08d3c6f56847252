"""How soon a session dials again: bounded, however often and however fast its connections close."""

import random

import msgspec

RESTARTS_AT_ONCE = 4
"""Dials in a row that follow a close without a delay; a QR code or a steady connection begins the count anew."""


class BackoffTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds between dials.

    Attributes:
        first: the longest first delay; it doubles with each failure.
        last: the longest delay of all. An open connection that lasted so long was steady.
    """

    first: float = 1.0
    last: float = 60.0


class Backoff:
    """Counts one session's dials that led nowhere."""

    def __init__(self, times: BackoffTimes) -> None:
        """Begin without a failure."""
        self._times = times
        self._failures = 0
        self._at_once = 0
        self._opened_at: float | None = None

    def opened(self, now: float) -> None:
        """Note that a connection is open, by the loop's clock."""
        self._opened_at = now

    def shown(self) -> None:
        """Note that WhatsApp gave a QR code; their number is bounded by itself."""
        self._failures = 0
        self._at_once = 0

    def closed(self, now: float) -> None:
        """Note that a connection is over, by the loop's clock."""
        steady = self._opened_at is not None and now - self._opened_at >= self._times.last
        self._opened_at = None
        self._failures = 1 if steady else self._failures + 1
        if steady:
            self._at_once = 0

    def may_be_at_once(self) -> bool:
        """Tell whether the next dial may follow without a delay, and count it."""
        if self._at_once >= RESTARTS_AT_ONCE:
            return False
        self._at_once += 1
        self._failures = 0
        return True

    def forget(self) -> None:
        """Begin anew: a person asked for the next dial."""
        self.shown()

    def delay(self) -> float:
        """Return the seconds to wait before the next dial: doubling, capped, and jittered by half."""
        return delay_before(max(1, self._failures), self._times)


def delay_before(attempt: int, times: BackoffTimes) -> float:
    """Return the seconds before a dial.

    Args:
        attempt: how many dials in a row did not lead to a steady connection, from 1.
        times: the bounds.
    """
    longest: float = min(times.last, times.first * 2 ** min(attempt - 1, 20))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads dials, guards nothing
