"""What spans instances: sorted sets that only ever hold too much. Added before the step, dropped after it.

docs/ports.md ("Projections") says why the two limits below make a lost entry impossible.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from time import monotonic

from pombo_common.adapters.redis.client import Call, Database
from pombo_common.adapters.redis.keys import parse_member
from pombo_common.ports.store import StoreUnavailable

FRESH_SECONDS = 15.0
"""An entry that this process added so lately is not added again."""

LATE_MS = 30_000
"""A step that rests on an addition older than this does nothing."""

GRACE_MS = 60_000
"""An entry younger than this, when the truth was looked at, is not dropped."""

REMEMBERED = 20_000

FOR_GOOD = 2**53

Entry = tuple[str, str]
"""Key of a projection and member."""


class Projections:
    """Adds and drops entries, and remembers what this process added lately."""

    def __init__(self, database: Database) -> None:
        """Work on one database."""
        self._database = database
        self._added: dict[Entry, tuple[float, int]] = {}
        self._outages = 0

    async def add(self, entries: Sequence[Entry]) -> int | None:
        """Make sure that entries are there before a step that they announce.

        Returns:
            When the oldest of them was added, milliseconds by the Store's clock; None when there are no entries.
        """
        if self._outages != self._database.outages:  # A failover may have lost them.
            self.forget()
        began = monotonic()
        missing = [entry for entry in entries if not self._fresh(entry, began)]
        if missing:
            if len(self._added) > REMEMBERED:
                self.forget()
            calls = [([key], [member]) for key, member in missing]
            for entry, time in zip(missing, await self._database.run_many("projection_note", calls), strict=True):
                self._added[entry] = (began, time)
        times = [self._added[entry][1] for entry in entries if entry in self._added]
        if len(times) < len(entries):  # Forgotten by a neighbour meanwhile: the Store decides by an old time.
            return 0
        return min(times, default=None)

    def forget(self) -> None:
        """Forget what was added, so that it is added anew."""
        self._outages = self._database.outages
        self._added.clear()

    async def drop(self, entries: Mapping[Entry, int]) -> None:
        """Drop entries whose truth was seen to be gone at these times; those added shortly before or later stay.

        Best effort: what is left behind is dropped by a later reading.
        """
        await self._drop({entry: seen_at - GRACE_MS for entry, seen_at in entries.items()})

    async def drop_for_good(self, entries: Iterable[Entry]) -> None:
        """Drop entries of an instance that was deleted: no step of its can come any more. Best effort, too."""
        await self._drop(dict.fromkeys(entries, FOR_GOOD))

    async def _drop(self, entries: Mapping[Entry, int]) -> None:
        calls: list[Call] = [([key], [member, added_before]) for (key, member), added_before in entries.items()]
        if calls:
            with suppress(StoreUnavailable):
                await self._database.run_many("projection_drop", calls)

    async def members(self, key: str) -> list[tuple[str, str]]:
        """Return name and id of all instances in one projection."""
        return [parse_member(text.decode()) for text in await self._database.command("ZRANGE", key, 0, -1)]

    def _fresh(self, entry: Entry, now: float) -> bool:
        known = self._added.get(entry)
        return known is not None and now - known[0] < FRESH_SECONDS
