"""Decides when each destination is delivered to: on a wake-up, when a retry is due, or by a sweep for the missed."""

import asyncio

import structlog

from pombo_common.ports.bus import Wakeup
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_worker.delivery.deliverer import Deliverer
from pombo_worker.events import now_ms

AT_ONCE = 64
"""Destinations that one worker delivers to at the same time."""


class Dispatcher:
    """Runs at most one delivery for each destination, and many destinations side by side."""

    def __init__(self, store: Store, deliverer: Deliverer, sweep_seconds: float) -> None:
        """Dispatch to this deliverer."""
        self._store = store
        self._deliverer = deliverer
        self._sweep_seconds = sweep_seconds
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._running: dict[Wakeup, asyncio.Task[None]] = {}
        self._again: set[Wakeup] = set()
        self._timers: dict[Wakeup, asyncio.TimerHandle] = {}

    async def wake(self, wakeup: Wakeup) -> None:
        """Deliver to a destination soon; a wake-up during its delivery makes it look once more."""
        if wakeup in self._timers:
            return  # a failed event holds the destination: what came now follows it
        if wakeup in self._running:
            self._again.add(wakeup)
            return
        task = asyncio.create_task(self._deliver(wakeup))
        self._running[wakeup] = task

    async def run(self) -> None:
        """Sweep for ever, beginning now."""
        while True:
            try:
                for due in await self._store.due():
                    wakeup = Wakeup(name=due.name, instance_id=due.instance_id, destination=due.destination)
                    if wakeup not in self._running:
                        self._later(wakeup, (due.not_before - now_ms()) / 1000)
            except StoreUnavailable:
                structlog.get_logger().warning("delivery.store_away")
            await asyncio.sleep(self._sweep_seconds)

    async def stop(self) -> None:
        """End deliveries that run; what they did not settle is delivered again by the next worker."""
        for timer in self._timers.values():
            timer.cancel()
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _deliver(self, wakeup: Wakeup) -> None:
        wait: float | None = None
        try:
            async with self._slots:
                wait = await self._deliverer.deliver(wakeup)
        except StoreUnavailable:
            wait = self._sweep_seconds
        except Exception:  # noqa: BLE001 - one destination's fault must not reach the others
            structlog.get_logger().exception("delivery.broken", instance=wakeup.instance_id)
        finally:
            del self._running[wakeup]
        again = wakeup in self._again
        self._again.discard(wakeup)
        if wait is not None:
            self._later(wakeup, wait)
        elif again:
            await self.wake(wakeup)

    def _later(self, wakeup: Wakeup, wait: float) -> None:
        """Deliver after a wait, unless that is arranged already."""
        if wakeup not in self._timers:
            self._timers[wakeup] = asyncio.get_running_loop().call_later(max(wait, 0.0), self._due, wakeup)

    def _due(self, wakeup: Wakeup) -> None:
        self._timers.pop(wakeup, None)
        if wakeup not in self._running:
            self._running[wakeup] = asyncio.create_task(self._deliver(wakeup))
