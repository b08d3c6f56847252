"""`SqliteStore`: the Store port in one SQLite file, joined of the parts that each speak of one topic."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pombo_common.adapters.sqlite import apply
from pombo_common.adapters.sqlite.blobs import Blobs
from pombo_common.adapters.sqlite.claims import Delivering
from pombo_common.adapters.sqlite.commands import Commanding
from pombo_common.adapters.sqlite.destinations import ReadingDestinations
from pombo_common.adapters.sqlite.footprints import Clearing
from pombo_common.adapters.sqlite.leases import Leasing
from pombo_common.adapters.sqlite.log import ReadingLog
from pombo_common.adapters.sqlite.material import ReadingMaterial
from pombo_common.adapters.sqlite.parked import Parking
from pombo_common.adapters.sqlite.reads import Reading
from pombo_common.adapters.sqlite.watches import Watches
from pombo_common.adapters.sqlite.workers import Pooling
from pombo_common.ports.changes import Applied, Change, Verdict
from pombo_common.ports.records import LOG_LIMIT
from pombo_common.ports.store import Watch


def wall_clock() -> int:
    """Return milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class SqliteStore(
    Reading,
    ReadingMaterial,
    Leasing,
    Pooling,
    Clearing,
    Commanding,
    Blobs,
    ReadingLog,
    ReadingDestinations,
    Delivering,
    Parking,
):
    """The Store port; see `pombo_common.ports.store.Store` for what each method promises.

    Watches notice what is written through this object.
    """

    def __init__(self, path: Path, *, clock: Callable[[], int] = wall_clock, log_limit: int = LOG_LIMIT) -> None:
        """Remember where; `open` opens.

        Args:
            path: the file, in a folder that exists; made when it is missing.
            clock: the Store's clock, milliseconds since the epoch.
            log_limit: events that one instance's log keeps.
        """
        super().__init__(path, clock, log_limit)
        self._watches = Watches()

    async def now(self) -> int:
        """Return the clock, once the file has answered."""
        now: int = self._reader.look(lambda db, now: db.execute("SELECT ?", (now,)).fetchone()[0])
        return now

    async def warnings(self) -> list[str]:
        """Nothing to warn of: what was answered is in the file."""
        return []

    async def apply(self, name: str, change: Change) -> Applied:
        """Apply one change or nothing of it; watchers are told after the commit, whatever became of the caller."""

        def tell(applied: Applied) -> None:
            if applied.verdict is Verdict.APPLIED and apply.is_noticed(change):
                self._watches.tell(name)

        return await self._writer.run(lambda db, now: apply.apply(db, now, name, change, self._log_limit), tell)

    def watch(self, name: str) -> AbstractAsyncContextManager[Watch]:
        """Begin to notice changes of one instance."""
        return self._watches.begin(name)
