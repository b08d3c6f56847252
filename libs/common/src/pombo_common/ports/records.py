"""What the Store hands out of instances, workers and commands; `deliveries` holds the rest."""

from typing import Literal

import msgspec

from pombo_common.model.instance import Instance, Live
from pombo_common.ports.changes import Held

LOG_LIMIT = 10_000
"""Events that one instance's log keeps; older ones are dropped at once, delivered or not (the bound of a backlog)."""

LEGACY_MS = 72 * 3600 * 1000
"""How long a deleted instance's undelivered events live, milliseconds."""

COMMAND_MS = 24 * 3600 * 1000
"""How long a command record lives, milliseconds."""


class Lease(msgspec.Struct, frozen=True):
    """Who runs an instance's session.

    Attributes:
        owner: the worker's id.
        epoch: grows each time the lease changes hands.
        expires_at: milliseconds since the epoch.
    """

    owner: str
    epoch: int
    expires_at: int

    @property
    def held(self) -> Held:
        """The lease as its owner knows it."""
        return Held(self.owner, self.epoch)


class WorkerBeat(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a live worker says of itself.

    Attributes:
        id: the worker's id, the owner of its leases.
        sessions: how many it runs, those included that it is about to start.
        capacity: how many it may run; None: as many as come.
        draining: it hands its sessions over and takes no more.
    """

    id: str
    sessions: int
    capacity: int | None = None
    draining: bool = False


class Footprint(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a deleted instance has left outside the Store, to be cleared away.

    Attributes:
        name: the instance's name, after which the things are named.
        instance_id: its id.
        sink: the kind of sink that made them, `rabbitmq` or `sqs`.
        at: milliseconds since the epoch; when the instance was about to be deleted.
    """

    name: str
    instance_id: str
    sink: str
    at: int


class StoredInstance(msgspec.Struct, frozen=True):
    """One instance as read in one step; lease None when there is none or it has run out."""

    instance: Instance
    live: Live
    lease: Lease | None

    @property
    def shown(self) -> Live:
        """The live state as readers may show it: without an owner nobody holds a socket, so nothing is open.

        The owner died, or could not renew; its QR code is worthless, and what was open is being taken over.
        """
        if self.lease is not None or not self.live.wanted or (self.live.state != "open" and self.live.qr is None):
            return self.live
        return msgspec.structs.replace(
            self.live, state="connecting", phase="waiting", reason="worker-lost", status_reason=428, qr=None
        )


class CommandRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is known of one command.

    Attributes:
        id: the command's id.
        fingerprint: keyed hash of its body: the same id with another body is a conflict.
        not_after: milliseconds since the epoch; it does not start later.
        state: pending, started, finished or cancelled.
        outcome: the sealed reply, once finished.
    """

    id: str
    fingerprint: str
    not_after: int
    state: Literal["pending", "started", "finished", "cancelled"] = "pending"
    outcome: bytes | None = None


class Start(msgspec.Struct, frozen=True):
    """Answer of `start_command`.

    Attributes:
        verdict: `started` (go ahead), `finished` (give the kept outcome again), `cancelled` (too late, or given up)
            or `conflict` (the same id with another body).
        record: the record as it is afterwards.
        resumed: with `started`: token of the earlier try that had started it; None when there was none.
    """

    verdict: Literal["started", "finished", "cancelled", "conflict"]
    record: CommandRecord
    resumed: str | None = None
