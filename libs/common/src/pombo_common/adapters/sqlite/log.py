"""The event log of one instance: appending, trimming, reading."""

import sqlite3
from collections.abc import Sequence

from pombo_common.adapters.sqlite.part import StorePart
from pombo_common.adapters.sqlite.rows import readable
from pombo_common.model.events import LoggedEvent, NewEvent
from pombo_common.ports.deliveries import READ_BYTES


def append(connection: sqlite3.Connection, log: int, events: Sequence[NewEvent], log_limit: int) -> None:
    """Append events with the next seqs and the last lease's epoch, and drop what is beyond the limit."""
    if not events:
        return
    head, epoch = connection.execute(
        "UPDATE logs SET head = head + ? WHERE log = ? "
        "RETURNING head, coalesce((SELECT epoch FROM leases WHERE leases.log = logs.log), 0)",
        (len(events), log),
    ).fetchone()
    connection.executemany(
        "INSERT INTO events (log, seq, epoch, id, type, at, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (log, seq, epoch, event.id, event.type, event.at, event.body)
            for seq, event in enumerate(events, start=head - len(events) + 1)
        ),
    )
    if head > log_limit:
        connection.execute("DELETE FROM events WHERE log = ? AND seq <= ?", (log, head - log_limit))


def following(connection: sqlite3.Connection, log: int, after: int, limit: int) -> tuple[LoggedEvent, ...]:
    """Return at most `limit` events with a seq above `after`, none behind the one with which READ_BYTES are reached."""
    rows = connection.execute(
        "SELECT seq, epoch, id, type, at, body FROM events WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?",
        (log, after, max(limit, 0)),
    )
    found: list[LoggedEvent] = []
    left = READ_BYTES
    for seq, epoch, id_, type_, at, body in rows:
        found.append(LoggedEvent(seq=seq, epoch=epoch, id=id_, type=type_, at=at, body=body))
        left -= len(body)
        if left <= 0:
            break
    return tuple(found)


def events(
    connection: sqlite3.Connection, now: int, name: str, instance_id: str, after: int, limit: int
) -> tuple[LoggedEvent, ...]:
    """Read a part of one log; see `Store.events`."""
    found = readable(connection, now, name, instance_id)
    return () if found is None else following(connection, found[0], after, limit)


def event(connection: sqlite3.Connection, now: int, name: str, instance_id: str, event_id: str) -> LoggedEvent | None:
    """Find one event by its id; see `Store.event`."""
    found = readable(connection, now, name, instance_id)
    if found is None:
        return None
    row = connection.execute("SELECT seq FROM events WHERE log = ? AND id = ?", (found[0], event_id)).fetchone()
    return None if row is None else following(connection, found[0], row[0] - 1, 1)[0]


class ReadingLog(StorePart):
    """The event log of one instance, as it is read."""

    async def events(self, name: str, instance_id: str, after: int, limit: int) -> Sequence[LoggedEvent]:
        """Read a part of a log."""
        return await self._reader.run(lambda db, now: events(db, now, name, instance_id, after, limit))

    async def event(self, name: str, instance_id: str, event_id: str) -> LoggedEvent | None:
        """Find one event of a log."""
        return await self._reader.run(lambda db, now: event(db, now, name, instance_id, event_id))
