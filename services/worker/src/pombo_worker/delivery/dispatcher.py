"""Decides when each destination is delivered to: on a wake-up, when a retry is due, or by a sweep for the missed."""

import asyncio
from typing import NamedTuple

import structlog

from pombo_common.ports.bus import Wakeup
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_worker.delivery.deliverer import Deliverer, HostCrowded, Round
from pombo_worker.delivery.destination_settings import kind_of
from pombo_worker.delivery.turn import Places, Turn
from pombo_worker.events import now_ms
from pombo_worker.repeating import repeat

REMEMBERED = 20_000
"""Destinations of which it is remembered how their receiver is; those of healthy ones need not be."""

LOOK_SECONDS = 1.0
"""Who waits for a host looks so often whether the destination's settings still name it."""

LOOKS = 200
"""Such looks in a second, of all who wait."""

STOP_SECONDS = 2.0
"""Deliveries under way have so long to come to their end when the worker stops."""


class Known(NamedTuple):
    """What is remembered of a destination, so that it waits without a claim.

    Attributes:
        host: of its receiver.
        ill: its last sending hung.
    """

    host: str
    ill: bool


class Dispatcher:
    """Runs at most one delivery for each line and one for what is aside of it, and many side by side.

    Who waits for a place at a crowded host, or for one of those that ill receivers share, holds no claim and no other
    place.
    """

    def __init__(self, store: Store, deliverer: Deliverer, sweep_seconds: float) -> None:
        """Dispatch to this deliverer."""
        self._store = store
        self._deliverer = deliverer
        self._sweep_seconds = sweep_seconds
        self._places = Places()
        self._known: dict[Wakeup, Known] = {}
        self._running: dict[Wakeup, asyncio.Task[None]] = {}
        self._again: set[Wakeup] = set()
        self._timers: dict[Wakeup, asyncio.TimerHandle] = {}
        self._placed: set[Wakeup] = set()  # of those that run: they have their places, and may hold a claim
        self._unknown: set[Wakeup] = set()  # whose round the Store's absence ended: nothing is known to hold them

    async def wake(self, wakeup: Wakeup) -> None:
        """Deliver to a destination soon; a wake-up during its delivery makes it look once more."""
        if self._places.closed:
            return
        if wakeup in self._running:
            self._again.add(wakeup)
        elif wakeup.aside or wakeup in self._unknown:
            self._stop_timer(wakeup)
            self._start(wakeup)
        elif wakeup not in self._timers:  # else a failed event holds the destination: what came now follows it
            self._start(wakeup)

    async def run(self) -> None:
        """Sweep for ever, beginning now."""
        await repeat("delivery", self._sweep, retry=self._sweep_seconds)

    async def stop(self) -> None:
        """Let what is being sent arrive, send no more, and leave the rest to other workers, without claims.

        An event whose receiver has not answered after STOP_SECONDS is delivered again by the next worker.
        """
        self._places.closed = True
        for timer in self._timers.values():
            timer.cancel()
        running = dict(self._running)
        for wakeup, task in running.items():
            if wakeup not in self._placed:
                task.cancel()
        if running:
            _, late = await asyncio.wait(running.values(), timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.wait(running.values())

    async def _sweep(self) -> float:
        for due in await self._store.due():
            wakeup = Wakeup(due.name, due.instance_id, due.destination, due.aside)
            if wakeup not in self._running:
                self._later(wakeup, (due.not_before - now_ms()) / 1000)
        return self._sweep_seconds

    def _start(self, wakeup: Wakeup) -> None:
        self._unknown.discard(wakeup)
        self._running[wakeup] = asyncio.create_task(self._deliver(wakeup))

    async def _deliver(self, wakeup: Wakeup) -> None:
        left = Round()
        try:
            left = await self._round(wakeup)
        except HostCrowded:
            left = Round(wait=0.0)
        except StoreUnavailable:
            left = Round(wait=self._sweep_seconds)
            self._unknown.add(wakeup)
        except Exception:  # noqa: BLE001 - one destination's fault must not reach the others
            structlog.get_logger().exception("delivery.broken", instance=wakeup.instance_id)
        finally:
            del self._running[wakeup]
        if self._places.closed:
            return
        again = wakeup in self._again
        self._again.discard(wakeup)
        if left.aside is not None:
            self._later(Wakeup(wakeup.name, wakeup.instance_id, wakeup.destination, aside=True), left.aside)
        if left.wait == 0.0 or (again and (left.wait is None or wakeup.aside)):
            self._start(wakeup)
        elif left.wait is not None:
            self._later(wakeup, left.wait)

    async def _round(self, wakeup: Wakeup) -> Round:
        """Wait for the places, and deliver."""
        known = self._known.get(wakeup)
        ill = known is not None and known.ill
        async with self._places.turn(kind_of(wakeup.destination), ill=ill) as turn:
            if not await self._admitted(wakeup, turn, known):
                self._known.pop(wakeup, None)
                return Round(wait=0.0)
            self._again.discard(wakeup)
            self._placed.add(wakeup)
            try:
                return await self._deliverer.deliver(wakeup, turn, lambda: self._woken(wakeup))
            except HostCrowded as crowded:
                self._know(wakeup, Known(crowded.host, ill))
                raise
            finally:
                self._placed.discard(wakeup)
                if turn.host is not None and turn.hung is not None and turn.hung != ill:
                    self._know(wakeup, Known(turn.host, turn.hung))

    async def _admitted(self, wakeup: Wakeup, turn: Turn, known: Known | None) -> bool:
        """Wait for the places; False when the destination's settings name another host meanwhile."""
        host = None if known is None else known.host
        if turn.take(host):
            return True
        waiting = asyncio.create_task(turn.wait(host))
        try:
            while True:
                await asyncio.wait([waiting], timeout=max(LOOK_SECONDS, len(self._running) / LOOKS))
                if waiting.done():
                    return True
                if host is not None and await self._deliverer.host(wakeup) != host:
                    return False
        finally:
            if not waiting.done():
                waiting.cancel()
                await asyncio.wait([waiting])

    def _woken(self, wakeup: Wakeup) -> bool:
        woken = wakeup in self._again
        self._again.discard(wakeup)
        return woken

    def _know(self, wakeup: Wakeup, known: Known) -> None:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[wakeup] = known

    def _later(self, wakeup: Wakeup, wait: float) -> None:
        """Deliver after a wait, unless that is arranged already; the earlier of two times counts for what is aside."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(wakeup)
        if timer is not None:
            if not wakeup.aside or timer.when() <= loop.time() + wait:
                return
            timer.cancel()
        self._timers[wakeup] = loop.call_later(max(wait, 0.0), self._due, wakeup)

    def _stop_timer(self, wakeup: Wakeup) -> None:
        timer = self._timers.pop(wakeup, None)
        if timer is not None:
            timer.cancel()

    def _due(self, wakeup: Wakeup) -> None:
        self._timers.pop(wakeup, None)
        if wakeup not in self._running:
            self._start(wakeup)
