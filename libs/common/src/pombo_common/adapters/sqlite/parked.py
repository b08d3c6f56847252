"""Events that left their destination's line: aside, to be tried again alone, and dead letters."""

import sqlite3
from collections.abc import Sequence

import msgspec

from pombo_common.adapters.sqlite import asides, log, ranges
from pombo_common.adapters.sqlite.part import StorePart
from pombo_common.adapters.sqlite.rows import readable
from pombo_common.ports.deliveries import (
    DEAD_LIMIT,
    AsideClaim,
    DeadLog,
    EventRef,
    Parked,
    Resend,
)
from pombo_common.ports.records import LEGACY_MS

_SAID = msgspec.json.Decoder(Parked)


def park(connection: sqlite3.Connection, row: int, parked: Sequence[Parked]) -> None:
    """Keep events beside the line; each replaces what was parked of its destination and seq."""
    for one in parked:
        place = 0 if one.not_before is not None else _next_place(connection, row)
        said = msgspec.structs.replace(one, event=None, kept=one.event is not None, place=place)
        connection.execute(
            "INSERT OR REPLACE INTO parked (log, destination, seq, not_before, place, said, event) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                row,
                one.destination,
                one.seq,
                one.not_before,
                place,
                msgspec.json.encode(said),
                None if one.event is None else msgspec.msgpack.encode(one.event),
            ),
        )
    for destination in {one.destination for one in parked if one.not_before is None}:
        ranges.bound(connection, row, destination)


def forget(connection: sqlite3.Connection, row: int, destination: str, seqs: Sequence[int]) -> None:
    """Remove what has arrived."""
    connection.executemany(
        "DELETE FROM parked WHERE log = ? AND destination = ? AND seq = ? AND not_before IS NOT NULL",
        ((row, destination, seq) for seq in seqs),
    )


def bury(connection: sqlite3.Connection, row: int, destination: str) -> None:
    """Make dead letters of what is aside for a destination that is dropped."""
    rows = connection.execute(
        "SELECT said, event FROM parked WHERE log = ? AND destination = ? AND not_before IS NOT NULL ORDER BY seq",
        (row, destination),
    ).fetchall()
    park(connection, row, [msgspec.structs.replace(asides.opened(*found), not_before=None) for found in rows])


def dead_letters(
    connection: sqlite3.Connection, now: int, name: str, instance_id: str, after: int, limit: int
) -> list[Parked]:
    """Return dead letters, oldest first; see `Store.dead_letters`."""
    found = readable(connection, now, name, instance_id)
    rows = connection.execute(
        "SELECT said FROM parked WHERE log = ? AND not_before IS NULL AND place > ? ORDER BY place LIMIT ?",
        (None if found is None else found[0], after, max(limit, 0)),
    )
    return [_SAID.decode(row[0]) for row in rows]


def dead_logs(connection: sqlite3.Connection, now: int) -> list[DeadLog]:
    """Return the instances that have dead letters; see `Store.dead_logs`."""
    rows = connection.execute(
        "SELECT name, instance_id FROM logs WHERE coalesce(deleted_at, ?) > ? AND EXISTS "
        "(SELECT 1 FROM parked WHERE parked.log = logs.log AND not_before IS NULL) ORDER BY name, instance_id",
        (now, now - LEGACY_MS),
    )
    return [DeadLog(name, instance_id) for name, instance_id in rows]


def resend(
    connection: sqlite3.Connection, now: int, name: str, instance_id: str, destination: str, event: EventRef
) -> Resend:
    """Put an event aside, due now; see `Store.resend`."""
    found = readable(connection, now, name, instance_id)
    row = None if found is None else found[0]
    line = connection.execute("SELECT next FROM destinations WHERE log = ? AND name = ?", (row, destination)).fetchone()
    if row is None or line is None:
        return Resend.UNSET
    known = connection.execute(
        "SELECT said, event FROM parked WHERE log = ? AND destination = ? AND seq = ?", (row, destination, event.seq)
    ).fetchone()
    if known is None:
        if event.seq >= line[0]:
            return Resend.PENDING
        logged = log.following(connection, row, event.seq - 1, 1)
        if not logged or logged[0].id != event.id:
            return Resend.GONE
        one = Parked(destination=destination, seq=event.seq, last=event.seq, event_id=event.id, event_type=event.type)
        one = msgspec.structs.replace(one, event=logged[0], resend=_next_resend(connection, row))
    else:
        one = asides.opened(*known)
        if one.event is None or one.event_id != event.id:
            return Resend.GONE
        if one.not_before is None:
            one = msgspec.structs.replace(one, attempts=0, resend=_next_resend(connection, row))
    park(connection, row, [msgspec.structs.replace(one, not_before=now)])
    return Resend.SENT


def _next_place(connection: sqlite3.Connection, row: int) -> int:
    return _counted(connection.execute("UPDATE logs SET place = place + 1 WHERE log = ? RETURNING place", (row,)))


def _next_resend(connection: sqlite3.Connection, row: int) -> int:
    return _counted(connection.execute("UPDATE logs SET resent = resent + 1 WHERE log = ? RETURNING resent", (row,)))


def _counted(cursor: sqlite3.Cursor) -> int:
    return int(cursor.fetchone()[0])


class Parking(StorePart):
    """Events aside, dead letters, and what is sent again."""

    async def claim_asides(
        self, name: str, instance_id: str, destination: str, token: str, seconds: float
    ) -> AsideClaim | None:
        """Claim a destination's events aside."""
        return await self._writer.run(
            lambda db, now: asides.claim(db, now, name, instance_id, destination, token, seconds)
        )

    async def asides(self, name: str, instance_id: str) -> list[Parked]:
        """Read the events aside."""
        return await self._reader.run(lambda db, now: asides.listed(db, now, name, instance_id))

    async def dead_letters(self, name: str, instance_id: str, after: int = 0, limit: int = DEAD_LIMIT) -> list[Parked]:
        """Read dead letters."""
        return await self._reader.run(lambda db, now: dead_letters(db, now, name, instance_id, after, limit))

    async def dead_logs(self) -> list[DeadLog]:
        """Find the instances that have dead letters."""
        return await self._reader.run(dead_logs)

    async def resend(self, name: str, instance_id: str, destination: str, event: EventRef) -> Resend:
        """Put an event aside, due now."""
        return await self._writer.run(lambda db, now: resend(db, now, name, instance_id, destination, event))
