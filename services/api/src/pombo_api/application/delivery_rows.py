"""What became of one event at one destination, as people may look at it: rows, and pages of them."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
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
        id: the event's id; null of a dead letter that stands for several events.
        last_seq: above `seq` for a dead letter that stands for all due events from `seq` to this one.
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
    """One destination with the events that it wants; None when its settings cannot be opened, so that any may be."""

    state: DestinationState
    events: frozenset[str] | None

    def wants(self, event: LoggedEvent) -> bool:
        """Tell whether an event is due to it by its filter of today."""
        if event.seq < self.state.first:
            return False
        return self.events is None or CONFIG_NAMES.get(event.type) in self.events


class Left:
    """What left the lines of destinations: events, and ranges of which only that is known."""

    def __init__(self, parked: Iterable[Parked]) -> None:
        """Look things up in these."""
        self._by_place = {(one.seq, one.destination): one for one in parked}
        self._ranges: dict[str, list[tuple[int, int]]] = {}
        for (seq, destination), one in sorted(self._by_place.items()):
            if one.last > seq:
                self._ranges.setdefault(destination, []).append((seq, one.last))

    def rows(self) -> list[DeliveryRow]:
        """Return a row of each."""
        return [parked_row(one) for one in self._by_place.values()]

    def has(self, seq: int, destination: str) -> bool:
        """Tell whether an event left the line of a destination, by itself or in a range."""
        if (seq, destination) in self._by_place:
            return True
        ranges = self._ranges.get(destination, [])
        before = bisect_right(ranges, seq, key=lambda one: one[0])
        return before > 0 and seq <= ranges[before - 1][1]


def logged_rows(event: LoggedEvent, seen: Sequence[Seen], left: Left) -> Iterator[DeliveryRow]:
    """Return the rows of an event of the log: one for each destination that wants it, unless it left the line."""
    for one in seen:
        name, cursor = one.state.name, one.state.cursor
        if left.has(event.seq, name) or not one.wants(event):
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
        attempts=one.attempts if one.last == one.seq else None,
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
