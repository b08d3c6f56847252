"""The workers that live: what each said of itself, and until when that counts."""

import sqlite3

import msgspec

from pombo_common.adapters.sqlite.leases import until
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
