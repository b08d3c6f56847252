"""The Store port: all that must last. Every method on one instance is one atomic step.

Instances are addressed by name; what outlives them (log, destinations) by name and instance id. Times are
milliseconds since the epoch by the Store's own clock. Every method raises `StoreUnavailable` while it cannot answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from pombo_common.model.events import LoggedEvent
from pombo_common.ports.changes import Applied, Attempt, Change, Held, JournalEntry
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
from pombo_common.ports.records import CommandRecord, Footprint, Start, StoredInstance, WorkerBeat


class StoreUnavailable(Exception):  # noqa: N818 - reads as the state it names
    """The Store does not answer; nothing is known about the step that was asked for."""


class StoreRefused(StoreUnavailable):
    """The Store answers, and will not serve this user however long it is asked; the message says why, to people."""


class StoreForbidden(StoreRefused):
    """It lets the user in, who lacks a right."""


class Watch(Protocol):
    """Notices changes of one instance since the watch began, or since the last call."""

    async def changed(self, seconds: float) -> bool:
        """Wait for a change for at most so many seconds; False when none came."""


class Store(Protocol):
    """See the module; the contract suite in tests/contract says the rest."""

    async def open(self) -> None:
        """Connect and prepare; idempotent.

        Raises:
            StoreRefused: it lets this user not in, or not do what Pombo does.
            StoreUnavailable: when it cannot be reached.
        """

    async def close(self) -> None:
        """Let go of all connections and files."""

    async def now(self) -> int:
        """Return the Store's clock; also serves as the readiness probe."""

    async def warnings(self) -> list[str]:
        """Say how the Store, as it is set up, would lose data: a sentence for each way, without addresses."""

    # -- instances ------------------------------------------------------------------------------------------------
    async def apply(self, name: str, change: Change) -> Applied:
        """Apply one change to the instance of this name, or nothing of it (see `Change`)."""

    async def instance(self, name: str) -> StoredInstance | None:
        """Read record, live state and lease of one instance in one step."""

    async def instances(self) -> list[StoredInstance]:
        """Read all instances, ordered by creation, then name."""

    async def names_by_token(self, token_prints: Sequence[str]) -> list[str]:
        """Return the names of the instances whose `token_print` is one of these, ordered by creation, then name."""

    def watch(self, name: str) -> AbstractAsyncContextManager[Watch]:
        """Begin to notice changes of record, live state or existence. Begin first, then read, then wait."""

    # -- leases ---------------------------------------------------------------------------------------------------
    async def acquire(self, name: str, instance_id: str, owner: str, seconds: float, last: int = 0) -> int | None:
        """Take the lease for a worker.

        Args:
            name: of the instance.
            instance_id: of the instance.
            owner: the worker's id.
            seconds: how long it lasts.
            last: the last epoch that the worker had, if any: the Store may have lost it in a failover.

        Returns:
            The new epoch (one more than the last, the Store's or the worker's; 1 at first), or None when the instance
            is gone or another worker holds an unexpired lease. The holder itself gets a new epoch.
        """

    async def renew(self, owner: str, held: Mapping[str, int], seconds: float) -> set[str]:
        """Extend the unexpired leases that this owner holds with these epochs (by name).

        Returns:
            The names whose lease was lost: expired, gone, or of another owner or epoch.
        """

    def parts(self, names: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """Sort names by which part of the Store has them, as far as is known now; a part can be away by itself.

        A call for many names fails as a whole when one of their parts does not answer.
        """

    async def release(self, name: str, instance_id: str, held: Held) -> None:
        """End this lease now; without effect when it is another's. The epoch is remembered."""

    async def abandoned(self) -> list[str]:
        """Return names of instances whose live state is `wanted` and whose lease is missing or expired."""

    def released(self) -> AbstractAsyncContextManager[Watch]:
        """Begin to notice leases that were released although their instance is wanted: somebody should take over."""

    # -- workers --------------------------------------------------------------------------------------------------
    async def beat(self, worker: WorkerBeat, seconds: float) -> None:
        """Say that a worker lives, for so many seconds; replaces what it said before."""

    async def workers(self) -> list[WorkerBeat]:
        """Return what the live workers said last, ordered by id; whoever has not beaten in time is not among them."""

    async def leave(self, worker: str) -> None:
        """Take a worker out before its time has run out; without effect when it is not there."""

    # -- what deleted instances leave outside ---------------------------------------------------------------------
    async def keep_footprint(self, footprint: Footprint) -> None:
        """Remember what is to be cleared away; the same instance and sink again replaces it."""

    async def footprints(self) -> list[Footprint]:
        """Return all that is to be cleared away, oldest first."""

    async def drop_footprint(self, footprint: Footprint) -> None:
        """Forget what was cleared away; without effect when it is not there."""

    # -- session material -----------------------------------------------------------------------------------------
    async def creds(self, name: str, instance_id: str) -> bytes | None:
        """Return the sealed credentials."""

    async def keys(self, name: str, instance_id: str, key_type: str, ids: Sequence[str]) -> dict[str, bytes]:
        """Return the sealed Signal keys that exist, by id."""

    async def journal(self, name: str, instance_id: str) -> list[JournalEntry]:
        """Return the journal in the order in which it was written."""

    # -- commands -------------------------------------------------------------------------------------------------
    async def open_command(self, name: str, command_id: str, fingerprint: str, seconds: float) -> CommandRecord:
        """Keep a new pending command for 24 h, whose `not_after` is so many seconds from now.

        It need not outlive a crash right after: nothing has begun, and `start_command` makes the record if need be.

        Returns:
            The record that is there afterwards; an older one stays as it was.
        """

    async def start_command(self, name: str, command: CommandRecord, token: str, *, also: Sequence[str] = ()) -> Start:
        """Move a command to started for the try with this token; creates the record when there is none.

        A started one without outcome may be started again by another try: the older try can then no longer apply;
        the answer names the older one.
        Refused when it is finished or cancelled, when it is pending past its `not_after` (it becomes cancelled: what
        is cancelled never started), or when the kept fingerprint is neither the command's nor one of `also`: the
        same body's by the other keys of the ring, which whoever kept the record may have had in another order.
        """

    async def finish_command(self, name: str, attempt: Attempt, outcome: bytes) -> bool:
        """Record the outcome of a started command that changed nothing; False when the try was superseded."""

    async def cancel_command(self, name: str, command_id: str) -> CommandRecord | None:
        """Move a pending command to cancelled, so that it never starts; returns the record as it is afterwards."""

    async def command(self, name: str, command_id: str) -> CommandRecord | None:
        """Return the record of one command."""

    # -- blobs ----------------------------------------------------------------------------------------------------
    async def put_blob(self, name: str, blob: str, part: int, body: bytes, seconds: float) -> None:
        """Keep one part of a blob, sealed, for so many seconds; replaces what was there. The instance need not exist.

        Args:
            name: of the instance that it is for.
            blob: chosen by the caller, unique for this name.
            part: from 0; a part should hold at most 1 MiB.
            body: any bytes.
            seconds: how long.
        """

    async def blob(self, name: str, blob: str, part: int) -> bytes | None:
        """Return one part of a blob; None when it was dropped, has run out, or never was."""

    async def drop_blob(self, name: str, blob: str, parts: int) -> None:
        """Remove the first so many parts of a blob before their time; without effect when they are not there."""

    # -- log and deliveries ---------------------------------------------------------------------------------------
    async def events(self, name: str, instance_id: str, after: int, limit: int) -> Sequence[LoggedEvent]:
        """Return at most `limit` events with a seq above `after`, in order; a read ends at READ_BYTES, too."""

    async def event(self, name: str, instance_id: str, event_id: str) -> LoggedEvent | None:
        """Return the event of this id, if the log still holds it."""

    async def due(self) -> list[DueLog]:
        """Return every destination that has events due (deleted instances' included) and is not claimed.

        Its line and its events aside are two entries.
        """

    async def claim(self, name: str, instance_id: str, destination: str, token: str, seconds: float) -> Claim | None:
        """Claim a destination's line for one delivering worker, with settings, cursor and next events.

        Returns:
            None when it does not exist, has nothing due, waits for its `not_before`, or is claimed by another token.
        """

    async def claim_asides(
        self, name: str, instance_id: str, destination: str, token: str, seconds: float
    ) -> AsideClaim | None:
        """Claim a destination's events aside, apart from its line.

        Returns:
            None when it does not exist, when no event aside has come to its time, or when another token claims them.
        """

    async def settle(self, name: str, instance_id: str, settlement: Settlement) -> bool:
        """Move the cursor of a claimed destination or its events aside, park events, extend or end the claim.

        All of it is one step. When the instance is deleted and this leaves nothing due, its log is removed; when it
        has no dead letter either, so are its destinations.

        Returns:
            False when the claim was lost (expired and taken by another token, or dropped); nothing is written then.
        """

    async def destinations(self, name: str, instance_id: str) -> list[DestinationState]:
        """Return the destinations of an instance, ordered by name."""

    async def asides(self, name: str, instance_id: str) -> list[Parked]:
        """Return the events aside, without their bodies, the next to be tried first."""

    async def dead_letters(self, name: str, instance_id: str, after: int = 0, limit: int = DEAD_LIMIT) -> list[Parked]:
        """Return at most `limit` dead letters with a place above `after`, without bodies, oldest first.

        Each destination has at most DEAD_LIMIT, and RANGE_LIMIT ranges.
        """

    async def dead_logs(self) -> list[DeadLog]:
        """Return the instances that have dead letters, deleted ones included, ordered by name, then id."""

    async def resend(self, name: str, instance_id: str, destination: str, event: EventRef) -> Resend:
        """Put an event aside for one destination, due now, with no tries so far.

        A dead letter is one no longer. An event that is aside already is due now, and keeps its tries.
        """
