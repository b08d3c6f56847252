"""Leases: who runs an instance's session, and the epoch that grows with each new holder."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pombo_common.adapters.sqlite.part import StorePart
from pombo_common.adapters.sqlite.rows import existing
from pombo_common.adapters.sqlite.watches import Watches
from pombo_common.ports.changes import Held
from pombo_common.ports.store import Watch

RELEASED = "released"


def acquire(
    connection: sqlite3.Connection, now: int, name: str, instance_id: str, owner: str, seconds: float, last: int
) -> int | None:
    """Give the lease to a worker; see `Store.acquire`."""
    log = existing(connection, name, instance_id)
    if log is None:
        return None
    row = connection.execute("SELECT owner, epoch, expires_at FROM leases WHERE log = ?", (log,)).fetchone()
    if row is not None and row[0] != owner and row[2] > now:
        return None
    epoch: int = max(0 if row is None else row[1], last) + 1
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


def release(connection: sqlite3.Connection, name: str, instance_id: str, held: Held) -> bool:
    """End this lease; the row stays, for its epoch.

    Returns:
        Whether it was ended and its instance is wanted.
    """
    log = existing(connection, name, instance_id)
    ended = connection.execute(
        "UPDATE leases SET expires_at = 0 WHERE log = ? AND owner = ? AND epoch = ?", (log, held.owner, held.epoch)
    )
    wanted = connection.execute("SELECT 1 FROM instances WHERE log = ? AND wanted", (log,)).fetchone()
    return ended.rowcount > 0 and wanted is not None


def is_held(connection: sqlite3.Connection, now: int, log: int | None, held: Held) -> bool:
    """Tell whether an unexpired lease of exactly this owner and epoch exists."""
    found = connection.execute(
        "SELECT 1 FROM leases WHERE log = ? AND owner = ? AND epoch = ? AND expires_at > ?",
        (log, held.owner, held.epoch, now),
    ).fetchone()
    return found is not None


def until(now: int, seconds: float) -> int:
    """Return the time so many seconds from now, milliseconds."""
    return now + round(seconds * 1000)


class Leasing(StorePart):
    """Taking, renewing and ending leases."""

    def __init__(self, path: Path, clock: Callable[[], int], log_limit: int) -> None:
        """See `StorePart`."""
        super().__init__(path, clock, log_limit)
        self._releases = Watches()

    async def acquire(self, name: str, instance_id: str, owner: str, seconds: float, last: int = 0) -> int | None:
        """Take the lease."""
        return await self._writer.run(lambda db, now: acquire(db, now, name, instance_id, owner, seconds, last))

    async def renew(self, owner: str, held: Mapping[str, int], seconds: float) -> set[str]:
        """Extend many leases in one step."""
        return await self._writer.run(lambda db, now: renew(db, now, owner, held, seconds))

    def parts(self, names: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """There is one part, the file."""
        return {"": list(names)}

    async def release(self, name: str, instance_id: str, held: Held) -> None:
        """End a lease; whoever could take over is told after the commit."""

        def tell(wanted: bool) -> None:  # noqa: FBT001 - what the operation returned
            if wanted:
                self._releases.tell(RELEASED)

        await self._writer.run(lambda db, _: release(db, name, instance_id, held), tell)

    def released(self) -> AbstractAsyncContextManager[Watch]:
        """Begin to notice leases that were released although their instance is wanted."""
        return self._releases.begin(RELEASED)
