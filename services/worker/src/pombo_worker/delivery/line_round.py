"""One round on a line: sends in order, reads ahead while it sends, and leaves the settling to the keeper."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from pombo_common.model.events import LoggedEvent
from pombo_common.ports.bus import Wakeup
from pombo_common.ports.deliveries import CLAIM_EVENTS, READ_BYTES, Claim, may_go_on
from pombo_common.ports.store import Store
from pombo_common.vault import Vault
from pombo_worker.delivery.claims import Keeper
from pombo_worker.delivery.destination_settings import WEBHOOK, Destination
from pombo_worker.delivery.line import Line
from pombo_worker.delivery.sink import Delivery, Outcome, Sink
from pombo_worker.delivery.superseding import superseded
from pombo_worker.delivery.trying import SEALED, opened, tell_failed
from pombo_worker.delivery.turn import Turn

ROUND_SECONDS = 5.0
"""Longest round; then the settings are read anew."""

SETTLE_EVERY = 25
"""Deliveries after which a settlement is asked for: a killed worker's successor repeats little more than these."""


class LineRound:
    """See the module.

    Attributes:
        more: events are left that could be sent at once.
        gone: why the destination is to be switched off; empty when it is not.
        asides_at: when the first event that stepped aside is due, milliseconds since the epoch.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        wakeup: Wakeup,
        *,
        sink: Sink[Any],
        line: Line,
        keeper: Keeper,
        clock: Callable[[], int],
    ) -> None:
        """Work on a line that is claimed."""
        self.more = False
        self.gone = ""
        self.asides_at: int | None = None
        self._store = store
        self._vault = vault
        self._wakeup = wakeup
        self._sink = sink
        self._line = line
        self._keeper = keeper
        self._clock = clock
        self._events: deque[LoggedEvent] = deque()
        self._last = 0
        self._full = False
        self._ahead: asyncio.Task[Sequence[LoggedEvent]] | None = None

    async def run(self, claim: Claim, destination: Destination, *, turn: Turn, woken: Callable[[], bool]) -> None:
        """Send until nothing is left, the line is held, or the time is up.

        Args:
            claim: what was claimed.
            destination: where to.
            turn: its places; while others wait for the same host, no more than one claim's events are sent.
            woken: events may have come since they were read last.
        """
        self._begin(claim)
        ends_at, sent = time.monotonic() + ROUND_SECONDS, 0
        try:
            while not (self._line.held or self.gone or self._keeper.lost):
                if turn.over or time.monotonic() > ends_at or (sent >= CLAIM_EVENTS and turn.crowded):
                    self.more = True
                    return
                self._read_ahead()
                group = self._next_group(destination)
                if group:
                    sent += len(group)
                    outcomes = await turn.send(self._sink, destination, self._wakeup.instance_id, group)
                    self._take(group, outcomes)
                elif not self._events and not ((self._full or woken()) and await self._more_events()):
                    return
        finally:
            if self._ahead is not None:
                self._ahead.cancel()
                await asyncio.wait([self._ahead])

    async def refuse_all(self, claim: Claim, destination: Destination | None, why: str) -> None:
        """Put all that is due (and wanted, if that can be told) into the dead letters."""
        self._begin(claim)
        await self.refuse_rest(destination, why)

    async def refuse_rest(self, destination: Destination | None, why: str) -> None:
        """Put what is left of the line into the dead letters."""
        while self._events or await self._more_events():
            while self._events:
                event = self._events.popleft()
                if destination is None or destination.wants(event.type):
                    self._line.refuse(event, why)
                else:
                    self._line.pass_over(event)
            await self._keeper.settle(self._keeper.seconds)

    def _begin(self, claim: Claim) -> None:
        self._events.extend(claim.events)
        self._last = claim.events[-1].seq if claim.events else claim.head
        self._full = self._last < claim.head
        self._line.skip_trimmed(claim.events[0].seq if claim.events else claim.head + 1)

    def _next_group(self, destination: Destination) -> list[Delivery]:
        """Take what the sink is to get next, passing over what it is not to get."""
        group: list[Delivery] = []
        size = 0  # bytes; each of them is in memory several times while it is sent
        passed: list[LoggedEvent] = []  # unwanted ones behind the group: the line goes past them with what follows
        while self._events and len(group) < self._sink.batch:
            event = self._events[0]
            if not destination.wants(event.type):
                passed.append(self._events.popleft())
                if not group:
                    self._line.pass_over(event)
                continue
            dead, size = self._dead(event), size + len(event.body)
            if group and size > READ_BYTES:
                break
            if dead is None:
                delivery = self._delivery(event, group[-1].event.seq if group else self._line.cursor.prev)
                if delivery is not None:
                    group.append(delivery)
                    passed.clear()
                    self._events.popleft()
                    continue
            if group:
                break  # the line must have come so far before it goes past this one
            self._events.popleft()
            passed.clear()
            if dead is None:
                self._line.refuse(event, SEALED)
            else:
                dead(event)
        if group:
            self._events.extendleft(reversed(passed))
        return group

    def _dead(self, event: LoggedEvent) -> Callable[[LoggedEvent], None] | None:
        """Return what is done with an event that is not to be sent any more."""
        if self._line.is_old(event):
            return self._line.drop_old
        later = (one for one in self._events if one.seq > event.seq)
        if superseded(event, later, self._wakeup.instance_id, self._vault):
            return self._line.supersede
        return None

    def _delivery(self, event: LoggedEvent, prev: int) -> Delivery | None:
        """Return an event ready to be sent; None when its body cannot be opened."""
        body = opened(event, self._wakeup.instance_id, self._vault)
        return None if body is None else Delivery(event=event, body=body, prev=prev, attempt=self._line.attempt(event))

    def _take(self, group: Sequence[Delivery], outcomes: Sequence[Outcome]) -> None:
        """Move the line by what became of a group."""
        before = len(self._line.parked)
        self._line.settle(group, outcomes)
        for delivery, outcome in zip(group, outcomes, strict=True):
            if not outcome.ok:
                tell_failed(self._wakeup, delivery.event.id, delivery.attempt, outcome)
                if outcome.disable and self._wakeup.destination == WEBHOOK:
                    self.gone = outcome.why
        for one in self._line.parked[before:]:
            if one.not_before is not None:
                self.asides_at = min(one.not_before, self.asides_at or one.not_before)
        if self._line.unsettled >= SETTLE_EVERY or len(self._line.parked) > before:
            self._keeper.nudge()

    def _read_ahead(self) -> None:
        """Read what follows while the sink is busy, when there is reason to think that more follows."""
        left = self._events
        if self._ahead is not None or not self._full or len(left) > CLAIM_EVENTS // 2:
            return
        if sum(len(event.body) for event in left) <= READ_BYTES // 2:
            self._ahead = asyncio.create_task(self._read())

    async def _more_events(self) -> bool:
        """Read on behind what was read; tells whether there was anything."""
        ahead, self._ahead = self._ahead, None
        events = await (ahead or self._read())
        self._events.extend(events)
        self._full = may_go_on(events, CLAIM_EVENTS)
        if events:
            self._line.skip_trimmed(events[0].seq)
            self._last = events[-1].seq
        return bool(events)

    async def _read(self) -> Sequence[LoggedEvent]:
        where = self._wakeup
        return await self._store.events(where.name, where.instance_id, self._last, CLAIM_EVENTS)
