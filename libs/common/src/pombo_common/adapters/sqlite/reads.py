"""Reading instances: one, all, by token, and those that nobody runs."""

import sqlite3
from collections.abc import Sequence

import msgspec

from pombo_common.adapters.decoding import Remembering
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
