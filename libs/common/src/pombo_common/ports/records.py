"""What the Store hands out: instances with their lease, command records, cursors, claims, dead letters."""

from typing import Literal

import msgspec

from pombo_common.model.events import LoggedEvent
from pombo_common.model.instance import Instance, Live

LOG_LIMIT = 10_000
"""Events that one instance's log keeps; older ones are dropped at once, delivered or not (the bound of a backlog)."""

LEGACY_MS = 72 * 3600 * 1000
"""How long a deleted instance's undelivered events live, milliseconds."""

COMMAND_MS = 24 * 3600 * 1000
"""How long a command record lives, milliseconds."""

CLAIM_EVENTS = 100
"""Events that one claim hands out at most."""


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
        fingerprint: keyed hash of its body: the same id with another one is a conflict.
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


class Cursor(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where one destination stands on its log.

    Attributes:
        next: seq of the next event to look at.
        prev: seq last due to this destination, 0 at first.
        attempts: failed tries of the event at `next`.
        not_before: milliseconds since the epoch; no try earlier.
    """

    next: int
    prev: int = 0
    attempts: int = 0
    not_before: int = 0


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A destination claimed for delivery.

    Attributes:
        settings: its sealed settings.
        events: those from `cursor.next` on that the log still holds, in order, at most CLAIM_EVENTS. The first seq
            can lie above `cursor.next` when the log was trimmed.
        head: seq of the log's last event.
    """

    settings: bytes
    cursor: Cursor
    events: tuple[LoggedEvent, ...]
    head: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event that one destination will not get by itself any more.

    Attributes:
        event_id: None when the event itself is no longer kept.
        reason: why, for people; at most 2 KB.
        at: milliseconds since the epoch.
    """

    destination: str
    seq: int
    event_id: str | None
    event_type: str | None
    attempts: int
    reason: str
    at: int


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What a delivering worker writes back.

    Attributes:
        destination: name of the claimed destination.
        token: the claim's token.
        cursor: its new cursor.
        dead: dead letters to add.
        keep_seconds: extend the claim by so much; None ends it.
    """

    destination: str
    token: str
    cursor: Cursor
    dead: tuple[DeadLetter, ...] = ()
    keep_seconds: float | None = None


class DueLog(msgspec.Struct, frozen=True):
    """A destination with events due.

    Attributes:
        not_before: milliseconds since the epoch; no try earlier.
    """

    name: str
    instance_id: str
    destination: str
    not_before: int
