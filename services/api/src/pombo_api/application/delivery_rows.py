"""What became of one event at one destination, as people may look at it: rows, and pages of them."""

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import msgspec

from pombo_common.model.events import CONFIG_NAMES, LoggedEvent
from pombo_common.ports.deliveries import Cursor, DestinationState, Failure, Parked
from pombo_common.projection import iso

DeliveryState = Literal["pending", "held", "dead", "done"]
STATES: tuple[str, ...] = get_args(DeliveryState)


class DeliveryError(msgspec.Struct, frozen=True, kw_only=True):
    """Why the last try failed.

    Attributes:
        reason: for people; `backlog` and `superseded` are fixed words.
        status: the receiver's number, where it answered with one.
        response: what it answered, the first 2 KB.
    """

    reason: str
    status: int | None
    response: str
    at: str


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One event at one destination.

    Attributes:
        id: the event's id; null when the event itself is no longer kept.
        last_seq: above `seq` for a dead letter that stands for a part of the log that is no longer kept.
        event: its wire name.
        attempts: failed tries; null when that is not kept.
        next_try_at: when it is tried again.
        resendable: its body is kept.
    """

    id: str | None
    destination: str
    seq: int
    last_seq: int
    event: str | None
    state: DeliveryState
    attempts: int | None
    last_error: DeliveryError | None
    next_try_at: str | None
    resendable: bool


class DeliveryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by seq, then destination; `cursor` asks for what follows, null at the end."""

    deliveries: list[DeliveryRow]
    cursor: str | None


class DeadLetterRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One dead letter, and whose it is; a deleted instance's are kept for 72 h."""

    instance: str
    instance_id: str
    delivery: DeliveryRow


class DeadLetterPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Dead letters by instance, the oldest of each first; `cursor` as in DeliveryPage."""

    dead_letters: list[DeadLetterRow]
    cursor: str | None


class Seen(msgspec.Struct, frozen=True):
    """One destination with the events that it wants."""

    state: DestinationState
    events: frozenset[str]

    def wants(self, event: LoggedEvent) -> bool:
        """Tell whether an event is due to it by its filter of today."""
        return event.seq >= self.state.first and CONFIG_NAMES.get(event.type) in self.events


def logged_rows(
    event: LoggedEvent, seen: Sequence[Seen], parked: dict[tuple[int, str], Parked]
) -> Iterator[DeliveryRow]:
    """Return the rows of an event of the log: one for each destination that wants it and has not parked it."""
    for one in seen:
        name, cursor = one.state.name, one.state.cursor
        if (event.seq, name) in parked or not one.wants(event):
            continue
        held = event.seq == cursor.next and cursor.failure is not None
        state: DeliveryState = "done" if event.seq < cursor.next else "held" if held else "pending"
        yield DeliveryRow(
            id=event.id,
            destination=name,
            seq=event.seq,
            last_seq=event.seq,
            event=event.type,
            state=state,
            attempts=None if state == "done" else cursor.attempts if held else 0,
            last_error=_error(cursor.failure) if held else None,
            next_try_at=_moment(cursor) if held else None,
            resendable=True,
        )


def parked_row(one: Parked) -> DeliveryRow:
    """Return the row of an event that left its line: aside, or a dead letter."""
    return DeliveryRow(
        id=one.event_id,
        destination=one.destination,
        seq=one.seq,
        last_seq=one.last,
        event=one.event_type,
        state="dead" if one.not_before is None else "held",
        attempts=one.attempts,
        last_error=_error(one.failure),
        next_try_at=None if one.not_before is None else iso(one.not_before),
        resendable=one.kept,
    )


def _error(failure: Failure | None) -> DeliveryError | None:
    if failure is None:
        return None
    return DeliveryError(reason=failure.reason, status=failure.status, response=failure.response, at=iso(failure.at))


def _moment(cursor: Cursor) -> str | None:
    return iso(cursor.not_before) if cursor.not_before else None
