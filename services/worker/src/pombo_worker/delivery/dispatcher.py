"""Decides when each destination is delivered to: on a wake-up, when a retry is due, or by a sweep for the missed."""

import asyncio

import structlog

from pombo_common.ports.bus import Wakeup
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_worker.delivery.deliverer import Deliverer, HostCrowded, Round
from pombo_worker.delivery.hosts import Hosts
from pombo_worker.events import now_ms
from pombo_worker.repeating import repeat

AT_ONCE = 256
"""Deliveries that one worker makes at the same time."""

REMEMBERED = 20_000
"""Destinations whose host is remembered, so that one that waits for it claims nothing meanwhile."""


class Dispatcher:
    """Runs at most one delivery for each line and one for what is aside of it, and many side by side.

    Who waits for a place at a crowded host holds no claim and none of the places that all share.
    """

    def __init__(self, store: Store, deliverer: Deliverer, sweep_seconds: float) -> None:
        """Dispatch to this deliverer."""
        self._store = store
        self._deliverer = deliverer
        self._sweep_seconds = sweep_seconds
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._hosts = Hosts()
        self._known: dict[Wakeup, str] = {}
        self._running: dict[Wakeup, asyncio.Task[None]] = {}
        self._again: set[Wakeup] = set()
        self._timers: dict[Wakeup, asyncio.TimerHandle] = {}

    async def wake(self, wakeup: Wakeup) -> None:
        """Deliver to a destination soon; a wake-up during its delivery makes it look once more."""
        if wakeup in self._running:
            self._again.add(wakeup)
        elif wakeup.aside:
            self._stop_timer(wakeup)
            self._start(wakeup)
        elif wakeup not in self._timers:  # else a failed event holds the destination: what came now follows it
            self._start(wakeup)

    async def run(self) -> None:
        """Sweep for ever, beginning now."""
        await repeat("delivery", self._sweep, retry=self._sweep_seconds)

    async def stop(self) -> None:
        """End deliveries that run; what they did not settle is delivered again by the next worker."""
        for timer in self._timers.values():
            timer.cancel()
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _sweep(self) -> float:
        for due in await self._store.due():
            wakeup = Wakeup(due.name, due.instance_id, due.destination, due.aside)
            if wakeup not in self._running:
                self._later(wakeup, (due.not_before - now_ms()) / 1000)
        return self._sweep_seconds

    def _start(self, wakeup: Wakeup) -> None:
        self._running[wakeup] = asyncio.create_task(self._deliver(wakeup))

    async def _deliver(self, wakeup: Wakeup) -> None:
        left = Round()
        try:
            left = await self._round(wakeup)
        except HostCrowded:
            left = Round(wait=0.0)
        except StoreUnavailable:
            left = Round(wait=self._sweep_seconds)
        except Exception:  # noqa: BLE001 - one destination's fault must not reach the others
            structlog.get_logger().exception("delivery.broken", instance=wakeup.instance_id)
        finally:
            del self._running[wakeup]
        again = wakeup in self._again
        self._again.discard(wakeup)
        if left.aside is not None:
            self._later(Wakeup(wakeup.name, wakeup.instance_id, wakeup.destination, aside=True), left.aside)
        if left.wait == 0.0 or (again and (left.wait is None or wakeup.aside)):
            self._start(wakeup)
        elif left.wait is not None:
            self._later(wakeup, left.wait)

    async def _round(self, wakeup: Wakeup) -> Round:
        """Wait for a place at the host, then for one of all, and deliver."""
        async with self._hosts.turn(self._known.get(wakeup)) as turn, self._slots:
            self._again.discard(wakeup)
            try:
                return await self._deliverer.deliver(wakeup, turn, lambda: self._woken(wakeup))
            except HostCrowded as crowded:
                self._know(wakeup, crowded.host)
                raise

    def _woken(self, wakeup: Wakeup) -> bool:
        woken = wakeup in self._again
        self._again.discard(wakeup)
        return woken

    def _know(self, wakeup: Wakeup, host: str) -> None:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[wakeup] = host

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
