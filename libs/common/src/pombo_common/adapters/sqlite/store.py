"""The class that joins the parts: every method is one operation, on the writer or on a reader."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pombo_common.adapters.sqlite import (
    apply,
    blobs,
    claims,
    commands,
    destinations,
    footprints,
    leases,
    log,
    material,
    parked,
    reads,
    workers,
)
from pombo_common.adapters.sqlite.readers import Readers
from pombo_common.adapters.sqlite.schema import connect_reader, connect_writer
from pombo_common.adapters.sqlite.upkeep import Upkeep
from pombo_common.adapters.sqlite.watches import Watches
from pombo_common.adapters.sqlite.writer import Writer, unavailable
from pombo_common.model.events import LoggedEvent
from pombo_common.ports.changes import Applied, Attempt, Change, JournalEntry, Verdict
from pombo_common.ports.deliveries import (
    DEAD_LIMIT,
    AsideClaim,
    Claim,
    DeadLog,
    DestinationState,
    DueLog,
    EventRef,
    Parked,
    Resend,
    Settlement,
)
from pombo_common.ports.records import LOG_LIMIT, CommandRecord, Footprint, Start, StoredInstance, WorkerBeat
from pombo_common.ports.store import StoreUnavailable, Watch

RELEASED = "released"


def wall_clock() -> int:
    """Return milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class SqliteStore:
    """The `Store` in one SQLite file; the port's docstrings say what each method promises.

    Watches notice what is written through this object.
    """

    def __init__(self, path: Path, *, clock: Callable[[], int] = wall_clock, log_limit: int = LOG_LIMIT) -> None:
        """Remember where; `open` opens.

        Args:
            path: the file, in a folder that exists; made when it is missing.
            clock: the Store's clock, milliseconds since the epoch.
            log_limit: events that one instance's log keeps.
        """
        self._path = path
        self._clock = clock
        self._log_limit = log_limit
        self._watches = Watches()
        self._releases = Watches()
        self._reads = reads.InstanceReads()
        self._opening = asyncio.Lock()
        self._parts: tuple[Writer, Readers] | None = None

    async def open(self) -> None:
        """Open the file, made when it is missing."""
        async with self._opening:
            if self._parts is None:
                self._parts = await asyncio.to_thread(self._open)

    async def close(self) -> None:
        """Finish what was asked for so far, then let go of the file."""
        parts, self._parts = self._parts, None
        if parts is not None:
            await asyncio.shield(asyncio.to_thread(_close, *parts))

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

    async def instance(self, name: str) -> StoredInstance | None:
        """Read one instance."""
        return self._reader.look(lambda db, now: self._reads.one(db, now, name))

    async def instances(self) -> list[StoredInstance]:
        """Read all instances in one snapshot."""
        return await self._reader.run(self._reads.all)

    async def names_by_token(self, token_prints: Sequence[str]) -> list[str]:
        """Find instances by token."""
        return await self._reader.run(lambda db, _: reads.names_by_token(db, token_prints))

    def watch(self, name: str) -> AbstractAsyncContextManager[Watch]:
        """Begin to notice changes of one instance."""
        return self._watches.begin(name)

    async def acquire(self, name: str, instance_id: str, owner: str, seconds: float) -> int | None:
        """Take the lease."""
        return await self._writer.run(lambda db, now: leases.acquire(db, now, name, instance_id, owner, seconds))

    async def renew(self, owner: str, held: Mapping[str, int], seconds: float) -> set[str]:
        """Extend many leases in one step."""
        return await self._writer.run(lambda db, now: leases.renew(db, now, owner, held, seconds))

    def parts(self, names: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """There is one part, the file."""
        return {"": list(names)}

    async def release(self, name: str, instance_id: str, epoch: int) -> None:
        """End a lease; whoever could take over is told after the commit."""

        def tell(wanted: bool) -> None:  # noqa: FBT001 - what the operation returned
            if wanted:
                self._releases.tell(RELEASED)

        await self._writer.run(lambda db, _: leases.release(db, name, instance_id, epoch), tell)

    def released(self) -> AbstractAsyncContextManager[Watch]:
        """Begin to notice leases that were released although their instance is wanted."""
        return self._releases.begin(RELEASED)

    async def beat(self, worker: WorkerBeat, seconds: float) -> None:
        """Say that a worker lives."""
        await self._writer.run(lambda db, now: workers.beat(db, now, worker, seconds))

    async def workers(self) -> list[WorkerBeat]:
        """Find the workers that live."""
        return await self._reader.run(workers.workers)

    async def leave(self, worker: str) -> None:
        """Forget a worker."""
        await self._writer.run(lambda db, _: workers.leave(db, worker))

    async def keep_footprint(self, footprint: Footprint) -> None:
        """Remember what is to be cleared away."""
        await self._writer.run(lambda db, _: footprints.keep(db, footprint))

    async def footprints(self) -> list[Footprint]:
        """Find what is to be cleared away."""
        return await self._reader.run(lambda db, _: footprints.footprints(db))

    async def drop_footprint(self, footprint: Footprint) -> None:
        """Forget what was cleared away."""
        await self._writer.run(lambda db, _: footprints.drop(db, footprint))

    async def abandoned(self) -> list[str]:
        """Find instances that should run and have no holder."""
        return await self._reader.run(reads.abandoned)

    async def creds(self, name: str, instance_id: str) -> bytes | None:
        """Read the sealed credentials."""
        return await self._reader.run(lambda db, _: material.creds(db, name, instance_id))

    async def keys(self, name: str, instance_id: str, key_type: str, ids: Sequence[str]) -> dict[str, bytes]:
        """Read Signal keys."""
        return await self._reader.run(lambda db, _: material.keys(db, name, instance_id, key_type, ids))

    async def journal(self, name: str, instance_id: str) -> list[JournalEntry]:
        """Read the journal."""
        return await self._reader.run(lambda db, _: material.journal(db, name, instance_id))

    async def open_command(self, name: str, command_id: str, fingerprint: str, seconds: float) -> CommandRecord:
        """Keep a new pending command."""

        def opened(db: sqlite3.Connection, now: int) -> CommandRecord:
            wanted = CommandRecord(id=command_id, fingerprint=fingerprint, not_after=now + int(seconds * 1000))
            return commands.open_pending(db, now, name, wanted)

        return await self._writer.run(opened)

    async def start_command(self, name: str, command: CommandRecord, token: str) -> Start:
        """Start a command for one try."""
        return await self._writer.run(lambda db, now: commands.start(db, now, name, command, token))

    async def finish_command(self, name: str, attempt: Attempt, outcome: bytes) -> bool:
        """Record an outcome."""
        return await self._writer.run(lambda db, now: commands.finish(db, now, name, attempt, outcome))

    async def cancel_command(self, name: str, command_id: str) -> CommandRecord | None:
        """Cancel a pending command."""
        return await self._writer.run(lambda db, now: commands.cancel(db, now, name, command_id))

    async def command(self, name: str, command_id: str) -> CommandRecord | None:
        """Read a command's record."""
        return await self._reader.run(lambda db, now: commands.read(db, now, name, command_id))

    async def put_blob(self, name: str, blob: str, part: int, body: bytes, seconds: float) -> None:
        """Keep one part of a blob."""
        await self._writer.run(lambda db, now: blobs.put(db, now, (name, blob, part), body, seconds))

    async def blob(self, name: str, blob: str, part: int) -> bytes | None:
        """Read one part of a blob."""
        return await self._reader.run(lambda db, now: blobs.read(db, now, (name, blob, part)))

    async def drop_blob(self, name: str, blob: str, parts: int) -> None:
        """Remove a blob."""
        await self._writer.run(lambda db, _: blobs.drop(db, name, blob, parts))

    async def events(self, name: str, instance_id: str, after: int, limit: int) -> Sequence[LoggedEvent]:
        """Read a part of a log."""
        return await self._reader.run(lambda db, now: log.events(db, now, name, instance_id, after, limit))

    async def event(self, name: str, instance_id: str, event_id: str) -> LoggedEvent | None:
        """Find one event of a log."""
        return await self._reader.run(lambda db, now: log.event(db, now, name, instance_id, event_id))

    async def due(self) -> list[DueLog]:
        """Find destinations with events due."""
        return await self._reader.run(destinations.due)

    async def claim(self, name: str, instance_id: str, destination: str, token: str, seconds: float) -> Claim | None:
        """Claim a destination."""
        return await self._writer.run(
            lambda db, now: claims.claim(db, now, name, instance_id, destination, token, seconds)
        )

    async def claim_asides(
        self, name: str, instance_id: str, destination: str, token: str, seconds: float
    ) -> AsideClaim | None:
        """Claim a destination's events aside."""
        return await self._writer.run(
            lambda db, now: parked.claim(db, now, name, instance_id, destination, token, seconds)
        )

    async def settle(self, name: str, instance_id: str, settlement: Settlement) -> bool:
        """Write back what became of a claim."""
        return await self._writer.run(lambda db, now: claims.settle(db, now, name, instance_id, settlement))

    async def destinations(self, name: str, instance_id: str) -> list[DestinationState]:
        """Look at an instance's destinations."""
        return await self._reader.run(lambda db, now: destinations.states(db, now, name, instance_id))

    async def asides(self, name: str, instance_id: str) -> list[Parked]:
        """Read the events aside."""
        return await self._reader.run(lambda db, now: parked.asides(db, now, name, instance_id))

    async def dead_letters(self, name: str, instance_id: str, after: int = 0, limit: int = DEAD_LIMIT) -> list[Parked]:
        """Read dead letters."""
        return await self._reader.run(lambda db, now: parked.dead_letters(db, now, name, instance_id, after, limit))

    async def dead_logs(self) -> list[DeadLog]:
        """Find the instances that have dead letters."""
        return await self._reader.run(parked.dead_logs)

    async def resend(self, name: str, instance_id: str, destination: str, event: EventRef) -> Resend:
        """Put an event aside, due now."""
        return await self._writer.run(lambda db, now: parked.resend(db, now, name, instance_id, destination, event))

    @property
    def _writer(self) -> Writer:
        return self._opened()[0]

    @property
    def _reader(self) -> Readers:
        return self._opened()[1]

    def _opened(self) -> tuple[Writer, Readers]:
        if self._parts is None:
            raise StoreUnavailable("the store is not open")
        return self._parts

    def _open(self) -> tuple[Writer, Readers]:
        try:
            connection = connect_writer(self._path)
        except (sqlite3.Error, OSError) as error:
            raise unavailable(error) from error
        return Writer(connection, self._clock, Upkeep()), Readers(lambda: connect_reader(self._path), self._clock)


def _close(writer: Writer, readers: Readers) -> None:
    # Readers first: the last connection to close tidies the write-ahead log, and only a writing one can.
    readers.close()
    writer.close()
