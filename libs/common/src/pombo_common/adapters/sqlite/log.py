"""The event log of one instance: appending, trimming, reading, and the destinations that stand on it."""

import sqlite3
from collections.abc import Sequence

import msgspec

from pombo_common.adapters.sqlite import leases
from pombo_common.adapters.sqlite.rows import readable
from pombo_common.model.events import LoggedEvent, NewEvent
from pombo_common.ports.changes import DestinationChange
from pombo_common.ports.records import LEGACY_MS, DeadLetter, DueLog


def set_destinations(connection: sqlite3.Connection, log: int, changes: Sequence[DestinationChange]) -> None:
    """Set or drop destinations; a new one starts behind the log's head, an old one keeps its cursor and claim."""
    for change in changes:
        if change.settings is None:
            connection.execute("DELETE FROM destinations WHERE log = ? AND name = ?", (log, change.name))
            continue
        connection.execute(
            "INSERT INTO destinations (log, name, settings, next) "
            "VALUES (?1, ?2, ?3, (SELECT head + 1 FROM logs WHERE log = ?1)) "
            "ON CONFLICT DO UPDATE SET settings = excluded.settings",
            (log, change.name, change.settings),
        )


def append(connection: sqlite3.Connection, log: int, events: Sequence[NewEvent], log_limit: int) -> None:
    """Append events with the seqs that follow the head, and drop what is beyond the limit."""
    if not events:
        return
    epoch = leases.last_epoch(connection, log)
    head: int = connection.execute(
        "UPDATE logs SET head = head + ? WHERE log = ? RETURNING head", (len(events), log)
    ).fetchone()[0]
    connection.executemany(
        "INSERT INTO events (log, seq, epoch, id, type, at, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (log, seq, epoch, event.id, event.type, event.at, event.body)
            for seq, event in enumerate(events, start=head - len(events) + 1)
        ),
    )
    connection.execute("DELETE FROM events WHERE log = ? AND seq <= ?", (log, head - log_limit))


def following(connection: sqlite3.Connection, log: int, after: int, limit: int) -> tuple[LoggedEvent, ...]:
    """Return at most `limit` events with a seq above `after`."""
    rows = connection.execute(
        "SELECT seq, epoch, id, type, at, body FROM events WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?",
        (log, after, max(limit, 0)),
    )
    return tuple(
        LoggedEvent(seq=seq, epoch=epoch, id=id_, type=type_, at=at, body=body)
        for seq, epoch, id_, type_, at, body in rows
    )


def events(
    connection: sqlite3.Connection, now: int, name: str, instance_id: str, after: int, limit: int
) -> tuple[LoggedEvent, ...]:
    """Read a part of one log; see `Store.events`."""
    found = readable(connection, now, name, instance_id)
    return () if found is None else following(connection, found[0], after, limit)


def dead_letters(connection: sqlite3.Connection, now: int, name: str, instance_id: str) -> list[DeadLetter]:
    """Return the dead letters, oldest first; see `Store.dead_letters`."""
    found = readable(connection, now, name, instance_id)
    if found is None:
        return []
    rows = connection.execute("SELECT body FROM dead_letters WHERE log = ? ORDER BY position", (found[0],))
    decoder = msgspec.json.Decoder(DeadLetter)
    return [decoder.decode(row[0]) for row in rows]


def due(connection: sqlite3.Connection, now: int) -> list[DueLog]:
    """Return the unclaimed destinations that have events due; see `Store.due`."""
    rows = connection.execute(
        "SELECT logs.name, instance_id, destinations.name, not_before FROM destinations JOIN logs USING (log) "
        "WHERE next <= head AND (token IS NULL OR claimed_until <= :now) AND coalesce(deleted_at, :now) > :legacy "
        "ORDER BY log, destinations.name",
        {"now": now, "legacy": now - LEGACY_MS},
    )
    return [
        DueLog(name=name, instance_id=instance_id, destination=destination, not_before=not_before)
        for name, instance_id, destination, not_before in rows
    ]
