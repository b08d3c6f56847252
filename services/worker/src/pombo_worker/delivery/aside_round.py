"""One round on the events aside of a destination: each is tried alone, a few at a time."""

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from pombo_common.model.events import LoggedEvent
from pombo_common.ports.bus import Wakeup
from pombo_common.ports.deliveries import SUPERSEDED, AsideClaim, Failure, Parked, Settlement
from pombo_common.ports.records import LEGACY_MS
from pombo_common.ports.store import Store
from pombo_common.vault import Vault
from pombo_worker.delivery.claims import Keeper
from pombo_worker.delivery.destination_settings import WEBHOOK, Destination
from pombo_worker.delivery.line import failure_of
from pombo_worker.delivery.retry import RetrySchedule
from pombo_worker.delivery.sink import Delivery, Outcome, Sink
from pombo_worker.delivery.superseding import QR_CODE, superseded
from pombo_worker.delivery.trying import SEALED, opened, tell_failed
from pombo_worker.delivery.turn import Turn

AT_ONCE = 4
"""Sendings at once for one destination; its line is one more."""

TOO_OLD = "its sink could not be reached in time: an event waits for 72 hours at most"

LOOKED_AT = 200
"""Events behind a QR code in which its successor is looked for."""


class AsideRound:
    """See the module.

    Attributes:
        gone: why the destination is to be switched off; empty when it is not.
        again_at: when the first of those that failed again, or were not tried, is due, milliseconds since the epoch.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        wakeup: Wakeup,
        *,
        sink: Sink[Any],
        schedule: RetrySchedule,
        clock: Callable[[], int],
    ) -> None:
        """Work on what is claimed."""
        self.gone = ""
        self.again_at: int | None = None
        self._store = store
        self._vault = vault
        self._wakeup = wakeup
        self._sink = sink
        self._schedule = schedule
        self._clock = clock
        self._delivered: list[int] = []
        self._parked: list[Parked] = []

    async def run(self, claim: AsideClaim, destination: Destination, keeper: Keeper, turn: Turn) -> None:
        """Try each once; more than one at a time only where more places are free, and none after one that lasts long.

        Args:
            claim: what was claimed.
            destination: where to.
            keeper: of the claim.
            turn: the places of the round; what is sent beside takes its own.
        """
        waiting = deque(one for one in claim.parked if one.event is not None)
        batch = self._sink.batch

        async def work(turn: Turn) -> None:
            while waiting and not (self.gone or keeper.lost or turn.over):
                group = [waiting.popleft() for _ in range(min(batch, len(waiting)))]
                await self._send(group, destination, turn)
                keeper.nudge()

        with contextlib.ExitStack() as places:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(work(turn))
                for _ in range(min(AT_ONCE, math.ceil(len(waiting) / batch)) - 1):
                    another = turn.beside()
                    if another is not None:
                        places.callback(another.leave)
                        tasks.create_task(work(another))
        if waiting:
            self.again_at = self._clock()

    def refuse_all(self, claim: AsideClaim, why: str) -> None:
        """Put all that is claimed into the dead letters."""
        for one in claim.parked:
            self._die(one, Failure(reason=why, at=self._clock()))

    def settlement(self, token: str, keep: float | None) -> Settlement:
        """Return what is to be written."""
        return Settlement(
            destination=self._wakeup.destination,
            token=token,
            cursor=None,
            parked=tuple(self._parked),
            delivered=tuple(self._delivered),
            keep_seconds=keep,
        )

    def settled(self, settlement: Settlement) -> None:
        """Forget what was written."""
        del self._parked[: len(settlement.parked)]
        del self._delivered[: len(settlement.delivered)]

    async def _send(self, group: Sequence[Parked], destination: Destination, turn: Turn) -> None:
        wanted: list[Parked] = []
        deliveries: list[Delivery] = []
        for one in group:
            if one.event is not None and await self._wanted(one, one.event):
                delivery = self._delivery(one, one.event)
                if delivery is not None:
                    wanted.append(one)
                    deliveries.append(delivery)
        if deliveries:
            outcomes = await turn.send(self._sink, destination, self._wakeup.instance_id, deliveries)
            for one, outcome in zip(wanted, outcomes, strict=True):
                self._take(one, outcome)

    async def _wanted(self, one: Parked, event: LoggedEvent) -> bool:
        """Put a QR code that was replaced into the dead letters; one that a person sends again is sent."""
        if event.type != QR_CODE or one.resend:
            return True
        where = self._wakeup
        later = await self._store.events(where.name, where.instance_id, event.seq, LOOKED_AT)
        if not superseded(event, later, where.instance_id, self._vault):
            return True
        self._die(one, Failure(reason=SUPERSEDED, at=self._clock()))
        return False

    def _delivery(self, one: Parked, event: LoggedEvent) -> Delivery | None:
        body = opened(event, self._wakeup.instance_id, self._vault)
        if body is None:
            self._die(one, Failure(reason=SEALED, at=self._clock()))
            return None
        return Delivery(event=event, body=body, prev=one.prev, attempt=one.attempts + 1, resend=one.resend)

    def _take(self, one: Parked, outcome: Outcome) -> None:
        if outcome.ok:
            self._delivered.append(one.seq)
            return
        # A sink that is away has tried nothing.
        attempts = one.attempts if outcome.away else one.attempts + 1
        tried = msgspec.structs.replace(one, attempts=attempts, failure=failure_of(outcome, self._clock()))
        tell_failed(self._wakeup, one.event_id, one.attempts + 1, outcome)
        if outcome.disable and self._wakeup.destination == WEBHOOK:
            self.gone = outcome.why
        wait = self._schedule.first_delay if outcome.away else self._schedule.wait_of(outcome, tried.attempts)
        if outcome.away and one.event is not None and one.event.at <= self._clock() - LEGACY_MS:
            tried, wait = msgspec.structs.replace(tried, failure=failure_of(_too_old(outcome), self._clock())), None
        if wait is None:
            self._parked.append(msgspec.structs.replace(tried, not_before=None))
            return
        again = self._clock() + int(wait * 1000)
        self.again_at = min(again, self.again_at or again)
        self._parked.append(msgspec.structs.replace(tried, not_before=again))

    def _die(self, one: Parked, failure: Failure) -> None:
        self._parked.append(msgspec.structs.replace(one, not_before=None, failure=failure))


def _too_old(outcome: Outcome) -> Outcome:
    """Return the outcome that tells why no longer is waited for a sink that is away."""
    return msgspec.structs.replace(outcome, why=f"{TOO_OLD}; at its last try: {outcome.why}")
