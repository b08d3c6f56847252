"""Leases: who runs an instance's session, and the epoch that grows with each new holder."""

import sqlite3
from collections.abc import Mapping

from pombo_common.adapters.sqlite.rows import existing


def acquire(
    connection: sqlite3.Connection, now: int, name: str, instance_id: str, owner: str, seconds: float
) -> int | None:
    """Give the lease to a worker; see `Store.acquire`."""
    log = existing(connection, name, instance_id)
    if log is None:
        return None
    row = connection.execute("SELECT owner, epoch, expires_at FROM leases WHERE log = ?", (log,)).fetchone()
    if row is not None and row[0] != owner and row[2] > now:
        return None
    epoch: int = 1 if row is None else row[1] + 1
    connection.execute(
        "INSERT INTO leases (log, owner, epoch, expires_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch, expires_at = excluded.expires_at",
        (log, owner, epoch, until(now, seconds)),
    )
    return epoch


def renew(connection: sqlite3.Connection, now: int, owner: str, held: Mapping[str, int], seconds: float) -> set[str]:
    """Extend what is still held; returns the names that are not; see `Store.renew`."""
    lost: set[str] = set()
    for name, epoch in held.items():
        renewed = connection.execute(
            "UPDATE leases SET expires_at = ? WHERE log = (SELECT log FROM instances WHERE name = ?) "
            "AND owner = ? AND epoch = ? AND expires_at > ?",
            (until(now, seconds), name, owner, epoch, now),
        )
        if renewed.rowcount == 0:
            lost.add(name)
    return lost


def release(connection: sqlite3.Connection, name: str, instance_id: str, epoch: int) -> bool:
    """End the lease with this epoch; the row stays, for its epoch.

    Returns:
        Whether it was ended and its instance is wanted.
    """
    log = existing(connection, name, instance_id)
    ended = connection.execute("UPDATE leases SET expires_at = 0 WHERE log = ? AND epoch = ?", (log, epoch))
    wanted = connection.execute("SELECT 1 FROM instances WHERE log = ? AND wanted", (log,)).fetchone()
    return ended.rowcount > 0 and wanted is not None


def is_held(connection: sqlite3.Connection, now: int, log: int | None, epoch: int) -> bool:
    """Tell whether an unexpired lease with exactly this epoch exists."""
    found = connection.execute(
        "SELECT 1 FROM leases WHERE log = ? AND epoch = ? AND expires_at > ?", (log, epoch, now)
    ).fetchone()
    return found is not None


def last_epoch(connection: sqlite3.Connection, log: int) -> int:
    """Return the epoch of the last lease, run out or not; 0 before the first."""
    row = connection.execute("SELECT epoch FROM leases WHERE log = ?", (log,)).fetchone()
    return 0 if row is None else int(row[0])


def until(now: int, seconds: float) -> int:
    """Return the time so many seconds from now, milliseconds."""
    return now + round(seconds * 1000)
