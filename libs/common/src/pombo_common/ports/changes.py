"""The one write on one instance: a `Change` with its guards, applied as one atomic step, and what came of it."""

from enum import StrEnum

import msgspec

from pombo_common.model.events import NewEvent
from pombo_common.model.instance import Instance, Live


class Verdict(StrEnum):
    """What became of a change. Everything but APPLIED left nothing behind."""

    APPLIED = "applied"
    TAKEN = "taken"
    GONE = "gone"
    FENCED = "fenced"
    OUTDATED = "outdated"
    SUPERSEDED = "superseded"
    CONSUMED = "consumed"


class Attempt(msgspec.Struct, frozen=True):
    """One worker's try at one command: the command's id and a token made for this try."""

    command: str
    token: str


class Held(msgspec.Struct, frozen=True):
    """A lease as its owner knows it.

    The epoch alone does not tell: when a failover of the Store has lost the step that gave it, the next worker is given
    the same one.

    Attributes:
        owner: the worker's id.
        epoch: the lease's.
    """

    owner: str
    epoch: int


class JournalEntry(msgspec.Struct, frozen=True):
    """A received message between its decryption and its event.

    Attributes:
        id: `<remoteJid>/<participant or nothing>/<message id>`.
        body: the message as JSON, sealed.
    """

    id: str
    body: bytes


class KeyEntry(msgspec.Struct, frozen=True):
    """One Signal key; body None deletes it."""

    type: str
    id: str
    body: bytes | None


class DestinationChange(msgspec.Struct, frozen=True):
    """Settings of one destination.

    Attributes:
        name: `webhook`, `rabbitmq` or `sqs`, with `.global` behind it on a sink of the installation.
        settings: sealed settings; None stops deliveries and drops the cursor. What is aside becomes dead letters.
    """

    name: str
    settings: bytes | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A write on one instance. Guards first; all of it happens in one step or none of it.

    Guards, in the order in which they are checked:
        attempt: the command must be started with this token, else SUPERSEDED.
        create: no instance has the name, else TAKEN. Otherwise the instance with `instance_id` must exist, else GONE.
        held: an unexpired lease of exactly this owner and epoch must exist, else FENCED. None: no lease is needed.
        version: the stored record must have this version, else OUTDATED.
        takes: this journal entry must exist (it is removed), else CONSUMED.

    Writes, in this order:
        instance: replaces the record (put on create).
        live: replaces the live state; watchers are told.
        forget: drops credentials, Signal keys and the journal.
        creds: replaces the sealed credentials.
        keys: puts or deletes Signal keys.
        journal: adds an entry.
        destinations: sets or drops destinations. A new one starts at this change's own events.
        events: appended to the log in order, with the seqs that follow its head and the lease's last epoch.
        delete: removes record, live state, lease, credentials, keys and journal. Log and destinations stay for as
            long as a destination has events due, dead letters with the destinations for 72 h (the log no longer
            than that); with none of these all goes at once.
        outcome: finishes the command of `attempt` with this sealed reply.
    """

    instance_id: str
    create: bool = False
    attempt: Attempt | None = None
    held: Held | None = None
    version: int | None = None
    takes: str | None = None
    instance: Instance | None = None
    live: Live | None = None
    forget: bool = False
    creds: bytes | None = None
    keys: tuple[KeyEntry, ...] = ()
    journal: JournalEntry | None = None
    destinations: tuple[DestinationChange, ...] = ()
    events: tuple[NewEvent, ...] = ()
    delete: bool = False
    outcome: bytes | None = None


class Applied(msgspec.Struct, frozen=True):
    """Result of `Store.apply`.

    Attributes:
        verdict: see `Verdict`.
        due: names of the destinations that have events due after the change; the caller wakes them.
    """

    verdict: Verdict
    due: tuple[str, ...] = ()
