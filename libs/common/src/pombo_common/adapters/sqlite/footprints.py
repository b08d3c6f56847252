"""What deleted instances left outside the Store, until it is cleared away."""

import sqlite3

from pombo_common.adapters.sqlite.part import StorePart
from pombo_common.ports.records import Footprint


def keep(connection: sqlite3.Connection, footprint: Footprint) -> None:
    """Remember one; see `Store.keep_footprint`."""
    connection.execute(
        "INSERT OR REPLACE INTO footprints (instance_id, sink, name, at) VALUES (?, ?, ?, ?)",
        (footprint.instance_id, footprint.sink, footprint.name, footprint.at),
    )


def footprints(connection: sqlite3.Connection) -> list[Footprint]:
    """Return all; see `Store.footprints`."""
    rows = connection.execute("SELECT name, instance_id, sink, at FROM footprints ORDER BY at, instance_id")
    return [Footprint(name=name, instance_id=instance_id, sink=sink, at=at) for name, instance_id, sink, at in rows]


def drop(connection: sqlite3.Connection, footprint: Footprint) -> None:
    """Forget one; see `Store.drop_footprint`."""
    connection.execute(
        "DELETE FROM footprints WHERE instance_id = ? AND sink = ?", (footprint.instance_id, footprint.sink)
    )


class Clearing(StorePart):
    """What is to be cleared away of deleted instances."""

    async def keep_footprint(self, footprint: Footprint) -> None:
        """Remember what is to be cleared away."""
        await self._writer.run(lambda db, _: keep(db, footprint))

    async def footprints(self) -> list[Footprint]:
        """Find what is to be cleared away."""
        return await self._reader.run(lambda db, _: footprints(db))

    async def drop_footprint(self, footprint: Footprint) -> None:
        """Forget what was cleared away."""
        await self._writer.run(lambda db, _: drop(db, footprint))
