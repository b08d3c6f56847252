"""Delivers what is due to one destination: claims it, walks its log in order, and moves the cursor."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
import structlog

from pombo_common.model.events import LoggedEvent
from pombo_common.ports.bus import Wakeup
from pombo_common.ports.records import Claim, Cursor, DeadLetter, Settlement
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_common.sealing import open_event
from pombo_common.vault import SealBroken
from pombo_worker.delivery.destinations import Destination, Destinations, kind_of, open_destination
from pombo_worker.delivery.retry import RetrySchedule
from pombo_worker.delivery.sink import SHOWN_BYTES, Delivery, Outcome, Sink
from pombo_worker.events import now_ms

SETTLE_EVERY = 10
"""Deliveries after which the cursor is moved: a killed worker's successor repeats no more than these."""


class _Lost(Exception):  # noqa: N818 - reads as the state it names
    """The claim is another worker's now."""


class Deliverer:
    """Delivers for this worker."""

    def __init__(
        self,
        store: Store,
        destinations: Destinations,
        sinks: Mapping[str, Sink[Any]],
        schedule: RetrySchedule,
        claim_seconds: float,
    ) -> None:
        """Deliver with these parts.

        Args:
            store: holds logs and cursors.
            destinations: how the settings of destinations are read.
            sinks: by the kind of destination that they deliver to.
            schedule: when failed deliveries are tried again.
            claim_seconds: how long a claim lasts; it is extended while a delivery runs.
        """
        self._store = store
        self._destinations = destinations
        self._sinks = sinks
        self._schedule = schedule
        self._claim_seconds = claim_seconds

    async def deliver(self, wakeup: Wakeup) -> float | None:
        """Deliver everything that is due now.

        Returns:
            Seconds after which the next try of a failed event is due; None when nothing waits for us.

        Raises:
            StoreUnavailable: the cursor stays where it was settled last.
        """
        sink = self._sinks.get(kind_of(wakeup.destination))
        if sink is None:
            return None  # a worker that has it finds it by its sweep
        token = uuid.uuid4().hex
        while True:
            claim = await self._store.claim(
                wakeup.name, wakeup.instance_id, wakeup.destination, token, self._claim_seconds
            )
            if claim is None:
                return None
            batch = _Batch(claim, wakeup, token)
            try:
                async with self._held(batch):
                    wait = await self._batch(batch, sink)
                await self._settle(batch, keep=None)
            except _Lost:
                return None
            if wait is not None:
                return wait

    async def _batch(self, batch: "_Batch", sink: Sink[Any]) -> float | None:
        settings = self._settings(batch)
        batch.skip_trimmed()
        for event in batch.events:
            if settings is None:
                batch.give_up(event, "its settings cannot be opened: a key is missing from POMBO_ENCRYPTION_KEY")
            elif not settings.wants(event.type):
                batch.pass_over(event)
            else:
                outcome = await self._send(sink, settings, event, batch)
                wait = self._after(event, outcome, batch)
                if wait is not None:
                    return wait
            if batch.unsettled >= SETTLE_EVERY:
                await self._settle(batch, keep=self._claim_seconds)
        return None

    def _settings(self, batch: "_Batch") -> Destination | None:
        try:
            wakeup = batch.wakeup
            opened = open_destination(
                wakeup.destination, batch.claim.settings, wakeup.instance_id, self._destinations.vault
            )
        except SealBroken:
            return None
        return self._destinations.completed(wakeup.destination, opened)

    async def _send(self, sink: Sink[Any], settings: Destination, event: LoggedEvent, batch: "_Batch") -> Outcome:
        instance_id = batch.wakeup.instance_id
        try:
            body = open_event(event.body, instance_id, event.id, self._destinations.vault)
        except SealBroken:
            return Outcome(ok=False, final=True, why="its body cannot be opened: a key is missing")
        delivery = Delivery(event=event, body=body, prev=batch.cursor.prev, attempt=batch.cursor.attempts + 1)
        (outcome,) = await sink.send(settings, instance_id, [delivery])
        return outcome

    def _after(self, event: LoggedEvent, outcome: Outcome, batch: "_Batch") -> float | None:
        """Move the cursor by what came of a try; returns the wait before the next try of the same event."""
        if outcome.ok:
            batch.delivered(event)
            return None
        failed = batch.cursor.attempts + 1
        final = outcome.final or outcome.disable
        wait = None if final else self._schedule.wait_after(failed, outcome.retry_after)
        log = structlog.get_logger().bind(instance=batch.wakeup.instance_id, event=event.id, tries=failed)
        if wait is None:
            log.warning("delivery.dead", status=outcome.status)
            why = f"{outcome.why}: {outcome.response}" if outcome.response else outcome.why
            batch.give_up(event, why[:SHOWN_BYTES], attempts=failed)
            return None
        log.info("delivery.failed", status=outcome.status, again_in=round(wait, 1))
        batch.hold(wait)
        return wait

    async def _settle(self, batch: "_Batch", keep: float | None) -> None:
        async with batch.turn:
            settlement = batch.settlement(keep)
            if not await self._store.settle(batch.wakeup.name, batch.wakeup.instance_id, settlement):
                raise _Lost
            batch.settled(settlement)

    @contextlib.asynccontextmanager
    async def _held(self, batch: "_Batch") -> AsyncIterator[None]:
        """Extend the claim while a slow receiver is waited for."""

        async def extend() -> None:
            while True:
                await asyncio.sleep(self._claim_seconds / 3)
                with contextlib.suppress(StoreUnavailable, _Lost):
                    await self._settle(batch, keep=self._claim_seconds)

        task = asyncio.create_task(extend())
        try:
            yield
        finally:
            # Not in the middle of a settlement: one whose answer was lost would write its dead letters again.
            async with batch.turn:
                task.cancel()
            await asyncio.wait([task])


class _Batch:
    """One claim on its way: where its cursor would be, and what is not written yet."""

    def __init__(self, claim: Claim, wakeup: Wakeup, token: str) -> None:
        self.claim = claim
        self.wakeup = wakeup
        self.cursor = claim.cursor
        self.events = claim.events
        self.unsettled = 0
        self.turn = asyncio.Lock()
        self._token = token
        self._dead: list[DeadLetter] = []

    def skip_trimmed(self) -> None:
        """Put what the log no longer holds into the dead letters, and go on behind it."""
        first = self.events[0].seq if self.events else self.claim.head + 1
        for seq in range(self.cursor.next, first):
            self._dead.append(self._letter(seq, None, "backlog", 0))
        if first > self.cursor.next:
            self.cursor = Cursor(next=first, prev=self.cursor.prev)

    def delivered(self, event: LoggedEvent) -> None:
        self._move(Cursor(next=event.seq + 1, prev=event.seq))

    def pass_over(self, event: LoggedEvent) -> None:
        self._move(Cursor(next=event.seq + 1, prev=self.cursor.prev))

    def give_up(self, event: LoggedEvent, why: str, attempts: int = 0) -> None:
        self._dead.append(self._letter(event.seq, event, why, attempts))
        self._move(Cursor(next=event.seq + 1, prev=event.seq))

    def hold(self, wait: float) -> None:
        self.cursor = msgspec.structs.replace(
            self.cursor, attempts=self.cursor.attempts + 1, not_before=now_ms() + int(wait * 1000)
        )

    def settlement(self, keep: float | None) -> Settlement:
        return Settlement(
            destination=self.wakeup.destination,
            token=self._token,
            cursor=self.cursor,
            dead=tuple(self._dead),
            keep_seconds=keep,
        )

    def settled(self, settlement: Settlement) -> None:
        del self._dead[: len(settlement.dead)]
        self.unsettled = 0

    def _move(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.unsettled += 1

    def _letter(self, seq: int, event: LoggedEvent | None, why: str, attempts: int) -> DeadLetter:
        return DeadLetter(
            destination=self.wakeup.destination,
            seq=seq,
            event_id=event.id if event else None,
            event_type=event.type if event else None,
            attempts=attempts,
            reason=why,
            at=now_ms(),
        )
