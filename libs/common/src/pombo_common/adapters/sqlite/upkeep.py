"""Removing what has outlived its time, a little inside every so many transactions."""

import sqlite3

from pombo_common.adapters.sqlite.rows import drop_log
from pombo_common.ports.records import LEGACY_MS

INTERVAL_MS = 60_000
"""Pause between two looks, as long as the last one removed all there was."""

COMMANDS = 1000
"""Command records that one look removes at most, so that no transaction grows long."""

PARTS = 32
"""Parts of blobs that one look removes at most."""


class Upkeep:
    """Removes old command records, blobs and the logs of instances deleted long ago.

    Readers do not see what is too old in any case; this only gives the space back.
    """

    def __init__(self) -> None:
        """Look at the first transaction."""
        self._again_at = 0

    def __call__(self, connection: sqlite3.Connection, now: int) -> None:
        """Look, unless that was done lately."""
        # The second case: a clock that was set back must not keep the next look away.
        if now >= self._again_at or now < self._again_at - INTERVAL_MS:
            self._again_at = now if self._remove(connection, now) else now + INTERVAL_MS

    @staticmethod
    def _remove(connection: sqlite3.Connection, now: int) -> bool:
        """Remove some; True when there may be more."""
        removed = connection.execute(
            "DELETE FROM commands WHERE (name, id) IN (SELECT name, id FROM commands WHERE expires_at <= ? LIMIT ?)",
            (now, COMMANDS),
        )
        # A part may hold a MiB.
        parts = connection.execute(
            "DELETE FROM blobs WHERE rowid IN (SELECT rowid FROM blobs WHERE expires_at <= ? LIMIT ?)", (now, PARTS)
        )
        # One log a look: it may hold ten thousand events.
        row = connection.execute("SELECT log FROM logs WHERE deleted_at <= ? LIMIT 1", (now - LEGACY_MS,)).fetchone()
        if row is not None:
            drop_log(connection, row[0])
        return row is not None or removed.rowcount == COMMANDS or parts.rowcount == PARTS
