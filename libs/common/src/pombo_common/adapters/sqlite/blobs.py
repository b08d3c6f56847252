"""Blobs: parts of what is too large for a command, kept for a while."""

import sqlite3

from pombo_common.adapters.sqlite.part import StorePart


def put(connection: sqlite3.Connection, now: int, key: tuple[str, str, int], body: bytes, seconds: float) -> None:
    """Keep one part; see `Store.put_blob`."""
    connection.execute(
        "INSERT INTO blobs (name, id, part, body, expires_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET body = excluded.body, expires_at = excluded.expires_at",
        (*key, body, now + int(seconds * 1000)),
    )


def read(connection: sqlite3.Connection, now: int, key: tuple[str, str, int]) -> bytes | None:
    """Return one part; see `Store.blob`."""
    row = connection.execute(
        "SELECT body FROM blobs WHERE name = ? AND id = ? AND part = ? AND expires_at > ?", (*key, now)
    ).fetchone()
    return None if row is None else bytes(row[0])


def drop(connection: sqlite3.Connection, name: str, blob: str, parts: int) -> None:
    """Remove parts; see `Store.drop_blob`."""
    connection.execute("DELETE FROM blobs WHERE name = ? AND id = ? AND part < ?", (name, blob, parts))


class Blobs(StorePart):
    """Parts of what is too large for a command."""

    async def put_blob(self, name: str, blob: str, part: int, body: bytes, seconds: float) -> None:
        """Keep one part of a blob."""
        await self._writer.run(lambda db, now: put(db, now, (name, blob, part), body, seconds))

    async def blob(self, name: str, blob: str, part: int) -> bytes | None:
        """Read one part of a blob."""
        return await self._reader.run(lambda db, now: read(db, now, (name, blob, part)))

    async def drop_blob(self, name: str, blob: str, parts: int) -> None:
        """Remove a blob."""
        await self._writer.run(lambda db, _: drop(db, name, blob, parts))
