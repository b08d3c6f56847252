"""Delivers what is due to one destination: claims its line or what is aside, sends, and settles."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from pombo_common.ports.bus import Wakeup
from pombo_common.ports.store import Store
from pombo_common.vault import SealBroken
from pombo_worker.delivery.aside_round import AsideRound
from pombo_worker.delivery.claims import ClaimLost, Keeper
from pombo_worker.delivery.destination_settings import Destination, kind_of, open_destination
from pombo_worker.delivery.destinations import Destinations
from pombo_worker.delivery.line import Line
from pombo_worker.delivery.line_round import LineRound
from pombo_worker.delivery.retry import RetrySchedule
from pombo_worker.delivery.sink import Sink
from pombo_worker.delivery.store_clock import StoreClock
from pombo_worker.delivery.switching_off import SwitchingOff
from pombo_worker.delivery.turn import Turn
from pombo_worker.events import now_ms

UNREADABLE = "its settings cannot be opened: a key is missing from POMBO_ENCRYPTION_KEY"


class HostCrowded(Exception):  # noqa: N818 - reads as the state it names
    """As many deliveries as may go to this host are under way; nothing is claimed."""

    def __init__(self, host: str) -> None:
        """Name the host."""
        super().__init__(host)
        self.host = host


class Round(msgspec.Struct, frozen=True):
    """What is left after a round of deliveries.

    Attributes:
        wait: seconds after which the same is to be looked at again; None when nothing waits for us.
        aside: seconds until the first event that stepped aside in this round is due; None when none did.
    """

    wait: float | None = None
    aside: float | None = None


@dataclass(frozen=True, kw_only=True)
class DelivererParts:
    """What deliveries are made with.

    Attributes:
        store: holds logs and cursors.
        destinations: how the settings of destinations are read.
        sinks: by the kind of destination that they deliver to.
        schedule: when failed deliveries are tried again.
        switching_off: what is done about a receiver that is gone.
        claim_seconds: how long a claim lasts; it is extended while a delivery runs.
        hold_seconds: how long an event that fails holds up those behind it.
        clock: our own, milliseconds since the epoch.
    """

    store: Store
    destinations: Destinations
    sinks: Mapping[str, Sink[Any]]
    schedule: RetrySchedule
    switching_off: SwitchingOff
    claim_seconds: float
    hold_seconds: float
    clock: Callable[[], int] = now_ms


class Deliverer:
    """Delivers for this worker."""

    def __init__(self, parts: DelivererParts) -> None:
        """Deliver with these parts."""
        self._parts = parts

    async def deliver(self, wakeup: Wakeup, turn: Turn, woken: Callable[[], bool]) -> Round:
        """Deliver what is due now, for a few seconds at most.

        Args:
            wakeup: whose line, or what is aside of it.
            turn: the places that it has; moved to the receiver's host when it is at none.
            woken: tells whether events may have come since it was asked last.

        Raises:
            HostCrowded: there is no place at the host.
            StoreUnavailable: what was done since the last settlement will be done again.
        """
        sink = self._parts.sinks.get(kind_of(wakeup.destination))
        if sink is None:
            return Round()  # a worker that has it finds it by its sweep
        try:
            if wakeup.aside:
                return await self._asides(wakeup, sink, turn)
            return await self._line(wakeup, sink, turn, woken)
        except ClaimLost:
            return Round()

    async def host(self, wakeup: Wakeup) -> str | None:
        """Return the host that a destination's settings name now; None without settings that can be opened.

        Raises:
            StoreUnavailable: the settings cannot be read.
        """
        sink = self._parts.sinks.get(kind_of(wakeup.destination))
        for state in await self._parts.store.destinations(wakeup.name, wakeup.instance_id):
            if state.name == wakeup.destination:
                destination, _ = self._opened(wakeup, state.settings)
                return None if sink is None or destination is None else sink.host(destination)
        return None

    async def _line(self, wakeup: Wakeup, sink: Sink[Any], turn: Turn, woken: Callable[[], bool]) -> Round:
        parts, token = self._parts, uuid.uuid4().hex
        claim = await parts.store.claim(*_where(wakeup), token, parts.claim_seconds)
        if claim is None:
            return Round()
        clock = StoreClock(parts.clock, claim.now)
        line = Line(claim, wakeup.destination, parts.schedule, int(parts.hold_seconds * 1000), clock)
        keeper = Keeper(parts.store, wakeup, token, parts.claim_seconds, line)
        destination, unreadable = self._opened(wakeup, claim.settings)
        await self._admit(destination, sink, turn, keeper)
        if destination is None and not unreadable:
            await keeper.end()
            return Round()
        under_way = LineRound(
            parts.store, parts.destinations.vault, wakeup, sink=sink, line=line, keeper=keeper, clock=clock
        )
        async with keeper:
            if destination is None:
                await under_way.refuse_all(claim, None, UNREADABLE)
            elif destination.gone:
                await under_way.refuse_all(claim, destination, destination.gone)
            else:
                await under_way.run(claim, destination, turn=turn, woken=woken)
        if destination is not None and (under_way.gone or destination.gone):
            return await self._switch_off(wakeup, destination, under_way, keeper)
        await keeper.end()
        wait = clock.until(line.cursor.not_before if line.held or under_way.more else None)
        return Round(wait, clock.until(under_way.asides_at))

    async def _switch_off(
        self, wakeup: Wakeup, destination: Destination, under_way: LineRound, keeper: Keeper
    ) -> Round:
        """Take a destination out of use whose receiver is gone; what was due to it goes to the dead letters."""
        why = under_way.gone or destination.gone
        version = await self._parts.switching_off.disable(wakeup, destination, why)
        if version is None:
            await keeper.end()
            return Round(0.0)
        async with keeper:
            await under_way.refuse_rest(destination, why)
        await keeper.end()
        await self._parts.switching_off.drop(wakeup, version)
        return Round()

    async def _asides(self, wakeup: Wakeup, sink: Sink[Any], turn: Turn) -> Round:
        parts, token = self._parts, uuid.uuid4().hex
        claim = await parts.store.claim_asides(*_where(wakeup), token, parts.claim_seconds)
        if claim is None:
            return Round()
        clock = StoreClock(parts.clock, claim.now)
        destination, unreadable = self._opened(wakeup, claim.settings)
        work = AsideRound(
            parts.store, parts.destinations.vault, wakeup, sink=sink, schedule=parts.schedule, clock=clock
        )
        keeper = Keeper(parts.store, wakeup, token, parts.claim_seconds, work)
        await self._admit(destination, sink, turn, keeper)
        if destination is None and not unreadable:
            await keeper.end()
            return Round()
        async with keeper:
            if destination is None:
                work.refuse_all(claim, UNREADABLE)
            elif destination.gone:
                work.refuse_all(claim, destination.gone)
            else:
                await work.run(claim, destination, keeper, turn)
        await keeper.end()
        if destination is not None and work.gone:
            version = await parts.switching_off.disable(wakeup, destination, work.gone)
            if version is not None:
                await parts.switching_off.drop_if_idle(wakeup, version)
            return Round(0.0)
        times = [at for at in (claim.later, work.again_at) if at is not None]
        return Round(clock.until(min(times, default=None)))

    async def _admit(self, destination: Destination | None, sink: Sink[Any], turn: Turn, keeper: Keeper) -> None:
        """Go on only with a place at the receiver's host; the claim is given back without one."""
        if destination is None:
            return
        host = sink.host(destination)
        if not turn.move(host):
            await keeper.end()
            raise HostCrowded(host)

    def _opened(self, wakeup: Wakeup, settings: bytes) -> tuple[Destination | None, bool]:
        """Return the destination, and whether it is None because no key opens its settings."""
        destinations = self._parts.destinations
        try:
            opened = open_destination(wakeup.destination, settings, wakeup.instance_id, destinations.vault)
        except SealBroken:
            return None, True
        return destinations.completed(wakeup.destination, opened), False


def _where(wakeup: Wakeup) -> tuple[str, str, str]:
    return wakeup.name, wakeup.instance_id, wakeup.destination
