"""The event log of one instance, its destinations' cursors, and how claims on them are settled."""

from collections.abc import Sequence

import msgspec

from pombo_common.adapters.redis.keys import member
from pombo_common.adapters.redis.parked_form import event_line, event_mark, logged_event, said
from pombo_common.adapters.redis.part import StorePart
from pombo_common.adapters.redis.projections import LATE_MS, Entry
from pombo_common.model.events import LoggedEvent
from pombo_common.ports.deliveries import (
    CLAIM_EVENTS,
    DEAD_LIMIT,
    RANGE_LIMIT,
    READ_BYTES,
    Claim,
    Cursor,
    DestinationState,
    DueLog,
    Failure,
    Parked,
    Settlement,
)
from pombo_common.ports.store import StoreUnavailable

ALL_GONE = 2
"""Answer of the settling script: nothing of a deleted instance is left."""

LATE = 3
"""Answer of the settling script: an entry of a projection was too old."""

TRIES = 3

FIND_EVENTS = 1000
"""Events that one call looks through for an id at most."""


class Held(msgspec.Struct, frozen=True):
    """The part of a cursor that exists only while its event fails."""

    since: int
    failure: Failure | None


_HELD = msgspec.json.Decoder(Held)


class Delivering(StorePart):
    """Reads the log, finds what is due, claims destinations and settles them."""

    async def events(self, name: str, instance_id: str, after: int, limit: int) -> Sequence[LoggedEvent]:
        """Return at most `limit` events with a seq above `after`, in order; a read ends at READ_BYTES, too."""
        log = self._keys.of(name, instance_id).log
        return _logged(await self._database.run("log_events", [log], after + 1, limit, READ_BYTES))

    async def event(self, name: str, instance_id: str, event_id: str) -> LoggedEvent | None:
        """Return the event of this id, if the log still holds it."""
        log, mark, behind = self._keys.of(name, instance_id).log, event_mark(event_id), 0
        while True:  # a part of the log at a time, since the script reads its bodies and Redis stands still meanwhile
            found = await self._database.run("log_find", [log], mark, behind, FIND_EVENTS, READ_BYTES)
            if found is None:
                return None
            behind, *event = found
            if event:
                return _logged(found)[0]

    async def due(self) -> list[DueLog]:
        """Return every destination that has events due (deleted instances' included) and is not claimed."""
        logs = await self._projections.members(self._keys.due)
        keys = [self._keys.of(name, instance_id) for name, instance_id in logs]
        answers = await self._database.run_many(
            "log_due", [([key.cursors, key.log, key.lanes, key.waiting], []) for key in keys]
        )
        found: list[DueLog] = []
        stale: dict[Entry, int] = {}
        for (name, instance_id), (now, due, *unclaimed) in zip(logs, answers, strict=True):
            if not due:
                stale[self._keys.due, member(name, instance_id)] = now
            found += [
                DueLog(name, instance_id, destination.decode(), not_before, bool(aside))
                for destination, not_before, aside in zip(*[iter(unclaimed)] * 3, strict=True)
            ]
        await self._projections.drop(stale)
        return found

    async def claim(self, name: str, instance_id: str, destination: str, token: str, seconds: float) -> Claim | None:
        """Claim a destination's line for one delivering worker; None when it cannot be had or has nothing due now."""
        keys = self._keys.of(name, instance_id)
        answer = await self._database.run(
            "log_claim",
            [keys.cursors, keys.sinks, keys.log, keys.lanes],
            destination,
            token,
            seconds,
            CLAIM_EVENTS,
            READ_BYTES,
        )
        if answer is None:
            return None
        settings, *line, head, now, events = answer
        return Claim(settings=settings, cursor=_cursor(*line), events=_logged(events), head=head, now=now)

    async def settle(self, name: str, instance_id: str, settlement: Settlement) -> bool:
        """Move a claimed cursor or events aside, park events, extend or end the claim; False when it was lost."""
        keys = self._keys.of(name, instance_id)
        instance = member(name, instance_id)
        dead = any(one.not_before is None for one in settlement.parked)
        for _ in range(TRIES):
            noted = await self._projections.add([(self._keys.dead_letters, instance)]) if dead else None
            settled = await self._database.run(
                "log_settle", [keys.instance, *keys.outliving], *_settling(instance_id, settlement, noted)
            )
            if settled != LATE:
                break
            self._projections.forget()
        else:
            raise StoreUnavailable("Redis is too slow: a projection's entry was old each time its step came")
        if settled == ALL_GONE:
            await self._projections.drop_for_good([(self._keys.due, instance)])
        return bool(settled)

    async def destinations(self, name: str, instance_id: str) -> list[DestinationState]:
        """Return the destinations of an instance, ordered by name."""
        keys = self._keys.of(name, instance_id)
        head, *parts = await self._database.run("destinations", [keys.log, keys.cursors, keys.sinks, keys.lanes])
        found = [
            DestinationState(name=sink.decode(), settings=settings, first=first, head=head, cursor=_cursor(*line))
            for sink, settings, *line, first in zip(*[iter(parts)] * 8, strict=True)
        ]
        return sorted(found, key=lambda state: state.name)


def _cursor(following: int, prev: int, attempts: int, not_before: int, held: bytes) -> Cursor:
    known = _HELD.decode(held) if held else Held(since=0, failure=None)
    return Cursor(
        next=following,
        prev=prev,
        attempts=attempts,
        not_before=not_before,
        since=known.since,
        failure=known.failure,
    )


def _settling(instance_id: str, settlement: Settlement, noted: int | None) -> list[str | bytes | int | float]:
    """Return the arguments of the settling script."""
    cursor, keep = settlement.cursor, settlement.keep_seconds
    line: tuple[str | bytes | int, ...] = ("", "", "", "", "")
    if cursor is not None:
        held = b""
        if cursor.since or cursor.failure is not None:
            held = msgspec.json.encode(Held(since=cursor.since, failure=cursor.failure))
        line = (cursor.next, cursor.prev, cursor.attempts, cursor.not_before, held)
    return [
        instance_id,
        settlement.destination,
        settlement.token,
        "" if keep is None else keep,
        "" if noted is None else noted,
        LATE_MS,
        DEAD_LIMIT,
        RANGE_LIMIT,
        *line,
        len(settlement.delivered),
        *settlement.delivered,
        *(part for one in settlement.parked for part in _parking(one)),
    ]


def _parking(one: Parked) -> tuple[str | bytes | int, ...]:
    event = b"" if one.event is None else event_line(one.event)
    return (one.seq, "" if one.not_before is None else one.not_before, said(one), event)


def _logged(answer: Sequence[int | bytes]) -> tuple[LoggedEvent, ...]:
    first, *kept = answer
    return tuple(logged_event(seq, bytes(line)) for seq, line in enumerate(kept, int(first)))
