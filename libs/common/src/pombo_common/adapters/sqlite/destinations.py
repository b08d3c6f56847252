"""Destinations: set and dropped, what is due to them, and as people look at them."""

import sqlite3
from collections.abc import Sequence

import msgspec

from pombo_common.adapters.sqlite import parked
from pombo_common.adapters.sqlite.part import StorePart
from pombo_common.adapters.sqlite.rows import readable
from pombo_common.ports.changes import DestinationChange
from pombo_common.ports.deliveries import Cursor, DestinationState, DueLog, Failure
from pombo_common.ports.records import LEGACY_MS

_FAILURE = msgspec.json.Decoder(Failure)


def set_destinations(connection: sqlite3.Connection, log: int, changes: Sequence[DestinationChange]) -> None:
    """Set or drop destinations; a new one starts behind the log's head, an old one keeps its cursor and claim."""
    for change in changes:
        if change.settings is None:
            parked.bury(connection, log, change.name)
            connection.execute("DELETE FROM destinations WHERE log = ? AND name = ?", (log, change.name))
            continue
        connection.execute(
            "INSERT INTO destinations (log, name, settings, next, first) "
            "SELECT ?1, ?2, ?3, head + 1, head + 1 FROM logs WHERE log = ?1 "
            "ON CONFLICT DO UPDATE SET settings = excluded.settings",
            (log, change.name, change.settings),
        )


def due(connection: sqlite3.Connection, now: int) -> list[DueLog]:
    """Return the unclaimed destinations that have events due; see `Store.due`."""
    rows = connection.execute(
        "SELECT logs.name, instance_id, destinations.name, not_before, 0 FROM destinations JOIN logs USING (log) "
        "WHERE next <= head AND (token IS NULL OR claimed_until <= :now) AND coalesce(deleted_at, :now) > :legacy "
        "UNION ALL "
        "SELECT logs.name, instance_id, destinations.name, min(parked.not_before), 1 FROM parked "
        "JOIN destinations ON destinations.log = parked.log AND destinations.name = destination "
        "JOIN logs ON logs.log = parked.log WHERE parked.not_before IS NOT NULL "
        "AND (asides_token IS NULL OR asides_until <= :now) AND coalesce(deleted_at, :now) > :legacy "
        "GROUP BY parked.log, destination",
        {"now": now, "legacy": now - LEGACY_MS},
    )
    return [
        DueLog(name, instance_id, destination, not_before, bool(aside))
        for name, instance_id, destination, not_before, aside in rows
    ]


def states(connection: sqlite3.Connection, now: int, name: str, instance_id: str) -> list[DestinationState]:
    """Return the destinations of an instance; see `Store.destinations`."""
    found = readable(connection, now, name, instance_id)
    rows = connection.execute(
        "SELECT name, settings, first, next, prev, attempts, not_before, since, failure FROM destinations "
        "WHERE log = ? ORDER BY name",
        (None if found is None else found[0],),
    )
    head = 0 if found is None else found[1]
    return [
        DestinationState(name=name, settings=settings, first=first, head=head, cursor=cursor(*line))
        for name, settings, first, *line in rows
    ]


def cursor(following: int, prev: int, attempts: int, not_before: int, since: int, failure: bytes | None) -> Cursor:
    """Read a cursor from the columns that hold it."""
    return Cursor(
        next=following,
        prev=prev,
        attempts=attempts,
        not_before=not_before,
        since=since,
        failure=None if failure is None else _FAILURE.decode(failure),
    )


class ReadingDestinations(StorePart):
    """The destinations of an instance, and those of all that have events due."""

    async def due(self) -> list[DueLog]:
        """Find destinations with events due."""
        return await self._reader.run(due)

    async def destinations(self, name: str, instance_id: str) -> list[DestinationState]:
        """Look at an instance's destinations."""
        return await self._reader.run(lambda db, now: states(db, now, name, instance_id))
