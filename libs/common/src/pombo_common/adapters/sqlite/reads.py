"""Reading instances: one, all, by token, and those that nobody runs."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from pombo_common.adapters.decoding import Remembering
from pombo_common.adapters.sqlite.part import StorePart
from pombo_common.model.instance import Instance, Live
from pombo_common.ports.records import Lease, StoredInstance

# A lease that has run out reads as none.
_STORED = (
    "SELECT record, live, owner, epoch, expires_at FROM instances "
    "LEFT JOIN leases ON leases.log = instances.log AND expires_at > ? "
)


class InstanceReads:
    """Reads instances whole; for any thread."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._records = Remembering(Instance)
        self._lives = Remembering(Live)

    def one(self, connection: sqlite3.Connection, now: int, name: str) -> StoredInstance | None:
        """Read one instance; see `Store.instance`."""
        row = connection.execute(f"{_STORED} WHERE name = ?", (now, name)).fetchone()
        return None if row is None else self._stored(*row)

    def all(self, connection: sqlite3.Connection, now: int) -> list[StoredInstance]:
        """Read all instances, ordered by creation, then name."""
        return [self._stored(*row) for row in connection.execute(f"{_STORED} ORDER BY created_at, name", (now,))]

    def _stored(
        self, record: bytes, live: bytes, owner: str | None, epoch: int | None, expires_at: int | None
    ) -> StoredInstance:
        lease = None
        if owner is not None and epoch is not None and expires_at is not None:
            lease = Lease(owner=owner, epoch=epoch, expires_at=expires_at)
        return StoredInstance(instance=self._records.decode(record), live=self._lives.decode(live), lease=lease)


def names_by_token(connection: sqlite3.Connection, prints: Sequence[str]) -> list[str]:
    """Return the names of the instances that have one of these token prints, ordered by creation, then name."""
    rows = connection.execute(
        "SELECT name FROM instances WHERE token_print IN (SELECT value FROM json_each(?)) ORDER BY created_at, name",
        (msgspec.json.encode(list(prints)).decode(),),
    )
    return [row[0] for row in rows]


def abandoned(connection: sqlite3.Connection, now: int) -> list[str]:
    """Return the names of the instances that should run and have no unexpired lease."""
    rows = connection.execute(
        "SELECT name FROM instances LEFT JOIN leases USING (log) WHERE wanted AND coalesce(expires_at, 0) <= ? "
        "ORDER BY created_at, name",
        (now,),
    )
    return [row[0] for row in rows]


class Reading(StorePart):
    """Instances: one, all, by token, and those that nobody runs."""

    def __init__(self, path: Path, clock: Callable[[], int], log_limit: int) -> None:
        """See `StorePart`."""
        super().__init__(path, clock, log_limit)
        self._reads = InstanceReads()

    async def instance(self, name: str) -> StoredInstance | None:
        """Read one instance."""
        return self._reader.look(lambda db, now: self._reads.one(db, now, name))

    async def instances(self) -> list[StoredInstance]:
        """Read all instances in one snapshot."""
        return await self._reader.run(self._reads.all)

    async def names_by_token(self, token_prints: Sequence[str]) -> list[str]:
        """Find instances by token."""
        return await self._reader.run(lambda db, _: names_by_token(db, token_prints))

    async def abandoned(self) -> list[str]:
        """Find instances that should run and have no holder."""
        return await self._reader.run(abandoned)
