"""Finding the row that everything of one instance hangs on, and what removes it."""

import sqlite3

from pombo_common.ports.records import LEGACY_MS


def existing(connection: sqlite3.Connection, name: str, instance_id: str) -> int | None:
    """Return the log of the instance with this name and id; None when there is no such instance now."""
    row = connection.execute(
        "SELECT log FROM instances JOIN logs USING (log) WHERE instances.name = ? AND instance_id = ?",
        (name, instance_id),
    ).fetchone()
    return None if row is None else int(row[0])


def readable(connection: sqlite3.Connection, now: int, name: str, instance_id: str) -> tuple[int, int] | None:
    """Return log and head of an instance id, deleted or not; None when nothing of it is kept."""
    row = connection.execute(
        "SELECT log, head FROM logs WHERE name = ? AND instance_id = ? AND coalesce(deleted_at, ?) > ?",
        (name, instance_id, now, now - LEGACY_MS),
    ).fetchone()
    return None if row is None else (int(row[0]), int(row[1]))


def due_of(connection: sqlite3.Connection, log: int) -> tuple[str, ...]:
    """Return the destinations of one log that have events due, by name."""
    rows = connection.execute(
        "SELECT destinations.name FROM destinations JOIN logs USING (log) WHERE log = ? AND next <= head "
        "ORDER BY destinations.name",
        (log,),
    )
    return tuple(row[0] for row in rows)


def drop_log(connection: sqlite3.Connection, log: int) -> None:
    """Remove a log with its events, destinations and dead letters (and the instance, if there is one still)."""
    connection.execute("DELETE FROM logs WHERE log = ?", (log,))
