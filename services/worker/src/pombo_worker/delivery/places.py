"""Places of which there are only so many; whoever waits for one holds no other meanwhile."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple


class Bound:
    """So many places under each key."""

    def __init__(self, limit: int) -> None:
        """Give so many."""
        self._limit = limit
        self._taken: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def crowded(self, key: str) -> bool:
        """Tell whether somebody waits for such a place."""
        return key in self._waiting

    def take(self, key: str) -> bool:
        """Take a place if there is a free one that nobody waits for."""
        if self._taken.get(key, 0) >= self._limit or self.crowded(key):
            return False
        self._taken[key] = self._taken.get(key, 0) + 1
        return True

    async def wait(self, key: str) -> None:
        """Wait for a place and take it, in the order of asking."""
        if self.take(key):
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave(key)
            elif place in self._waiting.get(key, ()):
                self._waiting[key].remove(place)
                self._tidy(key)
            raise

    def leave(self, key: str) -> None:
        """Give a place back, or on to whoever has waited longest."""
        waiting = self._waiting.get(key, ())
        while waiting:
            place = self._waiting[key].popleft()
            self._tidy(key)
            if not place.done():
                place.set_result(None)
                return
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]

    def _tidy(self, key: str) -> None:
        if not self._waiting[key]:
            del self._waiting[key]


class Place(NamedTuple):
    """Any place under one key of a bound."""

    bound: Bound
    key: str


def take_all(places: Sequence[Place]) -> Place | None:
    """Take all of these, or none; returns one that was not free."""
    for at, place in enumerate(places):
        if not place.bound.take(place.key):
            leave_all(places[:at])
            return place
    return None


async def wait_for_all(places: Sequence[Place]) -> None:
    """Wait for all of these and take them; no place stays empty for one who waits for another."""
    missing = take_all(places)
    while missing is not None:
        got = missing
        await got.bound.wait(got.key)
        missing = take_all([place for place in places if place is not got])
        if missing is not None:
            got.bound.leave(got.key)


def leave_all(places: Sequence[Place]) -> None:
    """Give these back."""
    for place in places:
        place.bound.leave(place.key)
