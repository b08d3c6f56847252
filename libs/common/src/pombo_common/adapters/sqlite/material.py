"""Session material of one instance: credentials, Signal keys, and the journal of received messages."""

import sqlite3
from collections.abc import Sequence

import msgspec

from pombo_common.adapters.sqlite.part import StorePart
from pombo_common.adapters.sqlite.rows import existing
from pombo_common.ports.changes import Change, JournalEntry, KeyEntry


def write(connection: sqlite3.Connection, log: int, change: Change) -> None:
    """Write a change's part of it, in the order that `Change` promises."""
    if change.forget:
        for table in ("credentials", "keys", "journal"):
            connection.execute(f"DELETE FROM {table} WHERE log = ?", (log,))  # noqa: S608 - names from this line
    if change.creds is not None:
        connection.execute(
            "INSERT INTO credentials (log, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            (log, change.creds),
        )
    for entry in change.keys:
        _put_key(connection, log, entry)
    if change.journal is not None:
        # A message that is decrypted a second time keeps its place.
        connection.execute(
            "INSERT INTO journal (log, id, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            (log, change.journal.id, change.journal.body),
        )


def take(connection: sqlite3.Connection, log: int, entry_id: str) -> bool:
    """Remove a journal entry; False when there is none."""
    removed = connection.execute("DELETE FROM journal WHERE log = ? AND id = ?", (log, entry_id))
    return removed.rowcount == 1


def creds(connection: sqlite3.Connection, name: str, instance_id: str) -> bytes | None:
    """Return the sealed credentials; see `Store.creds`."""
    log = existing(connection, name, instance_id)
    row = connection.execute("SELECT body FROM credentials WHERE log = ?", (log,)).fetchone()
    return None if row is None else bytes(row[0])


def keys(
    connection: sqlite3.Connection, name: str, instance_id: str, key_type: str, ids: Sequence[str]
) -> dict[str, bytes]:
    """Return the Signal keys that exist; see `Store.keys`."""
    log = existing(connection, name, instance_id)
    # The ids travel as one JSON value: SQLite bounds the number of parameters.
    rows = connection.execute(
        "SELECT id, body FROM keys WHERE log = ? AND type = ? AND id IN (SELECT value FROM json_each(?))",
        (log, key_type, msgspec.json.encode(list(ids)).decode()),
    )
    return {row[0]: row[1] for row in rows}


def journal(connection: sqlite3.Connection, name: str, instance_id: str) -> list[JournalEntry]:
    """Return the journal, oldest first; see `Store.journal`."""
    log = existing(connection, name, instance_id)
    rows = connection.execute("SELECT id, body FROM journal WHERE log = ? ORDER BY position", (log,))
    return [JournalEntry(id=row[0], body=row[1]) for row in rows]


def _put_key(connection: sqlite3.Connection, log: int, entry: KeyEntry) -> None:
    if entry.body is None:
        connection.execute("DELETE FROM keys WHERE log = ? AND type = ? AND id = ?", (log, entry.type, entry.id))
        return
    connection.execute(
        "INSERT INTO keys (log, type, id, body) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
        (log, entry.type, entry.id, entry.body),
    )


class ReadingMaterial(StorePart):
    """Credentials, Signal keys and journal of one instance, sealed as they were given."""

    async def creds(self, name: str, instance_id: str) -> bytes | None:
        """Read the sealed credentials."""
        return await self._reader.run(lambda db, _: creds(db, name, instance_id))

    async def keys(self, name: str, instance_id: str, key_type: str, ids: Sequence[str]) -> dict[str, bytes]:
        """Read Signal keys."""
        return await self._reader.run(lambda db, _: keys(db, name, instance_id, key_type, ids))

    async def journal(self, name: str, instance_id: str) -> list[JournalEntry]:
        """Read the journal."""
        return await self._reader.run(lambda db, _: journal(db, name, instance_id))
