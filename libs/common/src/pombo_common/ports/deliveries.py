"""What the Store keeps of deliveries: cursors, claims, events that left their line, and how they are settled."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from pombo_common.model.events import LoggedEvent

CLAIM_EVENTS = 100
"""Events that one claim hands out at most."""

CLAIM_ASIDES = 20
"""Events aside that one claim hands out at most."""

READ_BYTES = 8 * 1024 * 1024
"""Bytes of events with which a read of the log, or of events aside, ends before its limit: the event with which they
are reached is its last one. One event may have more than these alone."""

DEAD_LIMIT = 1000
"""Dead letters that one destination keeps with their bodies. Older ones lose theirs, and those between which nothing
was due to the destination become one: a range."""

RANGE_LIMIT = 100
"""Ranges that one destination has at most beside its DEAD_LIMIT letters. Beyond that the two of the lowest seqs become
one, which then stands for all between them as well."""

BACKLOG = "backlog"
"""Reason of the dead letters that stand for events whose bodies are no longer kept."""

SUPERSEDED = "superseded"
"""Reason of the dead letter of a QR code that was replaced before it was delivered."""


class Failure(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why an event was not delivered.

    Attributes:
        reason: for people, at most 2 KB.
        status: the receiver's number, where it answered with one.
        response: what it answered, at most 2 KB.
        at: milliseconds since the epoch.
    """

    reason: str
    status: int | None = None
    response: str = ""
    at: int


class Cursor(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where one destination stands on its log.

    Attributes:
        next: seq of the next event to look at.
        prev: seq last due to this destination, 0 at first.
        attempts: failed tries of the event at `next`.
        not_before: milliseconds since the epoch; no try earlier.
        since: when the event at `next` failed first, milliseconds since the epoch; 0 when it did not.
        failure: of its last try.
    """

    next: int
    prev: int = 0
    attempts: int = 0
    not_before: int = 0
    since: int = 0
    failure: Failure | None = None


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A destination's line claimed for delivery.

    Attributes:
        settings: its sealed settings.
        events: those from `cursor.next` on that the log still holds, in order, at most CLAIM_EVENTS or READ_BYTES. The
            first seq can lie above `cursor.next` when the log was trimmed.
        head: seq of the log's last event.
        now: the Store's clock, by which `not_before` counts, milliseconds since the epoch.
    """

    settings: bytes
    cursor: Cursor
    events: tuple[LoggedEvent, ...]
    head: int
    now: int


class Parked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event that left its destination's line: aside, to be tried again alone, or as a dead letter.

    One destination has at most one of each seq.

    Attributes:
        last: seq of the last event that it stands for; above `seq` only for a range, whose bodies are not kept.
        event_id: None of a range, like event_type.
        prev: seq that was due to the destination before this one; 0 when that is not known.
        attempts: failed tries.
        resend: how many times somebody had had events of this instance sent again when this one was; 0: never.
        not_before: aside: no try earlier, milliseconds since the epoch; a dead letter: None.
        failure: the last one; None when it was sent again from the log.
        kept: its body is kept, so that it can be sent again.
        place: grows with each dead letter of the instance; 0 aside.
        event: with its sealed body; only in claims.
    """

    destination: str
    seq: int
    last: int
    event_id: str | None
    event_type: str | None
    prev: int = 0
    attempts: int = 0
    resend: int = 0
    not_before: int | None = None
    failure: Failure | None = None
    kept: bool = True
    place: int = 0
    event: LoggedEvent | None = None


class AsideClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A destination's events aside, claimed for delivery.

    Attributes:
        settings: the destination's sealed settings.
        parked: those whose time has come, the longest waiting first, at most CLAIM_ASIDES or READ_BYTES.
        now: the Store's clock, by which `not_before` counts, milliseconds since the epoch.
        later: when the first of the others is due, milliseconds since the epoch; None when there are no others.
    """

    settings: bytes
    parked: tuple[Parked, ...]
    now: int
    later: int | None = None


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What a delivering worker writes back of a claim.

    Attributes:
        destination: name of the claimed destination.
        token: the claim's token.
        cursor: its new cursor; None: the claim is on its events aside.
        parked: events to keep with their body, aside when they have a `not_before`, else as dead letters; each
            replaces what was parked of its seq.
        delivered: seqs of events aside that have arrived.
        keep_seconds: extend the claim by so much; None ends it.
    """

    destination: str
    token: str
    cursor: Cursor | None
    parked: tuple[Parked, ...] = ()
    delivered: tuple[int, ...] = ()
    keep_seconds: float | None = None


class DueLog(msgspec.Struct, frozen=True):
    """A destination with events due, on its line or aside.

    Attributes:
        not_before: milliseconds since the epoch; no try earlier.
        aside: it is about its events aside.
    """

    name: str
    instance_id: str
    destination: str
    not_before: int
    aside: bool = False


class DestinationState(msgspec.Struct, frozen=True, kw_only=True):
    """One destination as people may look at it.

    Attributes:
        settings: its sealed settings.
        first: seq of the first event that was due to it.
        head: seq of the log's last event.
    """

    name: str
    settings: bytes
    cursor: Cursor
    first: int
    head: int


class DeadLog(msgspec.Struct, frozen=True):
    """An instance, deleted or not, that has dead letters."""

    name: str
    instance_id: str


def may_go_on(read: Sequence[LoggedEvent], limit: int) -> bool:
    """Tell whether a read of the log may have ended at its limit or at READ_BYTES, so that more follows.

    A Store counts what it keeps with a body as well, so that half the bytes may be all of them.
    """
    return len(read) >= limit or sum(len(event.body) for event in read) >= READ_BYTES // 2


class EventRef(msgspec.Struct, frozen=True):
    """What names an event of one log."""

    seq: int
    id: str
    type: str


class Resend(StrEnum):
    """What became of sending an event again."""

    SENT = "sent"
    """It is aside and due."""
    UNSET = "unset"
    """The instance has no such destination now."""
    PENDING = "pending"
    """It is still on the destination's line, and will be tried there."""
    GONE = "gone"
    """Its body is no longer kept."""
