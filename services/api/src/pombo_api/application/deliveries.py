"""What became of an instance's events at each destination, read from the Store page by page."""

from collections.abc import Sequence

from pombo_api.application.delivery_rows import (
    STATES,
    DeadLetterPage,
    DeadLetterRow,
    DeliveryPage,
    DeliveryRow,
    Left,
    Seen,
    logged_rows,
    parked_row,
)
from pombo_common.dead_letters import all_dead_letters
from pombo_common.model.errors import PomboError
from pombo_common.model.events import LoggedEvent
from pombo_common.ports.deliveries import DestinationState, may_go_on
from pombo_common.ports.store import Store
from pombo_common.projection import destination_filter
from pombo_common.vault import SealBroken, Vault

SCANNED = 250
"""Events of the log that one page looks through at most; a page may be shorter than was asked for."""

END = "~"
"""Sorts behind every destination's name."""


class Deliveries:
    """Reads deliveries straight from the Store."""

    def __init__(self, store: Store, vault: Vault) -> None:
        """Read from `store`; `vault` opens the filters of destinations."""
        self._store = store
        self._vault = vault

    async def page(
        self, name: str, instance_id: str, *, state: str | None, destination: str | None, limit: int, cursor: str | None
    ) -> DeliveryPage:
        """Return a page of one instance's deliveries.

        Raises:
            PomboError: 400 for a state or cursor that there is none of.
        """
        if state is not None and state not in STATES:
            raise PomboError(400, "bad_state", f"state must be one of {', '.join(STATES)}")
        after = _position(cursor)
        seen = await self._seen(name, instance_id, destination)
        left = await self._left(name, instance_id, destination)
        rows = left.rows()
        scanned_to: int | None = None
        if state in ("held", "dead"):
            rows += await self._heads(name, instance_id, seen, left) if state == "held" else []
        else:
            first = min((one.state.cursor.next for one in seen), default=1) if state == "pending" else 1
            logged, scanned_to = await self._scan(name, instance_id, max(first - 1, _read_to(after)))
            rows = [row for row in rows if scanned_to is None or row.seq <= scanned_to]
            rows += [row for event in logged for row in logged_rows(event, seen, left)]
        wanted = sorted((row for row in rows if _key(row) > after and state in (None, row.state)), key=_key)
        if len(wanted) > limit:
            last = wanted[limit - 1]
            return DeliveryPage(deliveries=wanted[:limit], cursor=f"{last.seq}:{last.destination}")
        return DeliveryPage(deliveries=wanted, cursor=None if scanned_to is None else f"{scanned_to}:{END}")

    async def dead_letters(self, *, limit: int, cursor: str | None) -> DeadLetterPage:
        """Return a page of the dead letters of all instances.

        Raises:
            PomboError: 400 for a cursor that there is none of.
        """
        name, instance_id, place = _dead_position(cursor)
        rows: list[DeadLetterRow] = []
        last = ""
        for log in await self._store.dead_logs():
            if (log.name, log.instance_id) < (name, instance_id):
                continue
            after = place if (log.name, log.instance_id) == (name, instance_id) else 0
            for one in await self._store.dead_letters(log.name, log.instance_id, after, limit + 1 - len(rows)):
                if len(rows) == limit:
                    return DeadLetterPage(dead_letters=rows, cursor=last)
                rows.append(DeadLetterRow(instance=log.name, instance_id=log.instance_id, delivery=parked_row(one)))
                last = f"{one.place}/{log.instance_id}/{log.name}"
        return DeadLetterPage(dead_letters=rows, cursor=None)

    async def _seen(self, name: str, instance_id: str, destination: str | None) -> list[Seen]:
        return [
            Seen(state, self._filter(state, instance_id))
            for state in await self._store.destinations(name, instance_id)
            if destination in (None, state.name)
        ]

    def _filter(self, state: DestinationState, instance_id: str) -> frozenset[str] | None:
        """Return the names of the events that a destination wants; None when no key opens its settings."""
        try:
            return frozenset(destination_filter(state.name, state.settings, instance_id, self._vault))
        except SealBroken:
            return None

    async def _left(self, name: str, instance_id: str, destination: str | None) -> Left:
        every = await self._store.asides(name, instance_id)
        every += await all_dead_letters(self._store, name, instance_id)
        return Left(one for one in every if destination in (None, one.destination))

    async def _scan(self, name: str, instance_id: str, after: int) -> tuple[Sequence[LoggedEvent], int | None]:
        """Read a part of the log; also returns the last seq read, None when nothing follows."""
        events = await self._store.events(name, instance_id, max(after, 0), SCANNED)
        return events, events[-1].seq if may_go_on(events, SCANNED) else None

    async def _heads(self, name: str, instance_id: str, seen: Sequence[Seen], left: Left) -> list[DeliveryRow]:
        """Return the events that hold their lines."""
        rows: list[DeliveryRow] = []
        for one in seen:
            if one.state.cursor.failure is not None:
                for event in await self._store.events(name, instance_id, one.state.cursor.next - 1, 1):
                    rows += logged_rows(event, [one], left)
        return rows


def _key(row: DeliveryRow) -> tuple[int, str]:
    return row.seq, row.destination


def _position(cursor: str | None) -> tuple[int, str]:
    if cursor is None:
        return 0, ""
    seq, colon, destination = cursor.partition(":")
    if not colon or not _is_number(seq):
        raise _bad_cursor()
    return int(seq), destination


def _read_to(after: tuple[int, str]) -> int:
    """Return the seq of the last event that needs no reading again: one in the middle of which a page ended does."""
    seq, destination = after
    return seq if destination == END else seq - 1


def _dead_position(cursor: str | None) -> tuple[str, str, int]:
    if cursor is None:
        return "", "", 0
    place, first, rest = cursor.partition("/")
    instance_id, second, name = rest.partition("/")
    if not (first and second and _is_number(place)):
        raise _bad_cursor()
    return name, instance_id, int(place)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(2**53))


def _bad_cursor() -> PomboError:
    return PomboError(400, "bad_cursor", "cursor must be the one that an earlier page gave")
