"""The workers that live: what each said of itself, and until when that counts."""

import sqlite3

import msgspec

from pombo_common.adapters.sqlite.leases import until
from pombo_common.adapters.sqlite.part import StorePart
from pombo_common.ports.records import WorkerBeat

_BEAT = msgspec.json.Decoder(WorkerBeat)


def beat(connection: sqlite3.Connection, now: int, worker: WorkerBeat, seconds: float) -> None:
    """Keep what a worker says; see `Store.beat`. Those whose time has run out go."""
    connection.execute("DELETE FROM workers WHERE expires_at <= ?", (now,))
    connection.execute(
        "INSERT OR REPLACE INTO workers (id, said, expires_at) VALUES (?, ?, ?)",
        (worker.id, msgspec.json.encode(worker), until(now, seconds)),
    )


def workers(connection: sqlite3.Connection, now: int) -> list[WorkerBeat]:
    """Return what the live workers said last; see `Store.workers`."""
    rows = connection.execute("SELECT said FROM workers WHERE expires_at > ? ORDER BY id", (now,))
    return [_BEAT.decode(row[0]) for row in rows]


def leave(connection: sqlite3.Connection, worker: str) -> None:
    """Forget a worker; see `Store.leave`."""
    connection.execute("DELETE FROM workers WHERE id = ?", (worker,))


class Pooling(StorePart):
    """The table of live workers."""

    async def beat(self, worker: WorkerBeat, seconds: float) -> None:
        """Say that a worker lives."""
        await self._writer.run(lambda db, now: beat(db, now, worker, seconds))

    async def workers(self) -> list[WorkerBeat]:
        """Find the workers that live."""
        return await self._reader.run(workers)

    async def leave(self, worker: str) -> None:
        """Forget a worker."""
        await self._writer.run(lambda db, _: leave(db, worker))
