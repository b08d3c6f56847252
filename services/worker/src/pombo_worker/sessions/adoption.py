"""Takes over sessions that nobody runs: this worker's share of them at once, what is left over after a lease time."""

import asyncio
import random

import structlog

from pombo_common.model.errors import PomboError
from pombo_common.model.instance import Instance, Live
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_common.vault import SealBroken
from pombo_worker.engines.port import Fenced
from pombo_worker.events import EventMaker, now_ms
from pombo_worker.repeating import outlived, repeat
from pombo_worker.sessions.pool import Pool
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.taking_over import TakingOver
from pombo_worker.sessions.turns import Turns
from pombo_worker.wakes import Wakes

ADOPTIONS_AT_ONCE = 4
LOGIN_SECONDS = 2.0
"""How long an adoption keeps its place among those at once for its login."""

ROUND_SECONDS = 5.0
SEALED_SECONDS = 60.0
"""Until an instance that cannot be opened with this worker's keys is tried again: it may have been sealed anew."""

LOOKING_PART = 0.2
"""Part of the time that goes into looking at most, however many leases are released."""

MILLISECOND = 1000


class Adopter:
    """Finds wanted instances without an owner: linked ones are opened again, an interrupted pairing is closed."""

    def __init__(
        self,
        store: Store,
        wakes: Wakes,
        events: EventMaker,
        sessions: SessionRegistry,
        *,
        pool: Pool,
        turns: Turns,
        lease_seconds: float,
    ) -> None:
        """Adopt into these sessions, for this worker's part of the pool."""
        self._store = store
        self._taking = TakingOver(store, wakes, events, sessions, lease_seconds)
        self._sessions = sessions
        self._pool = pool
        self._turns = turns
        self._seconds = lease_seconds
        self._slots = asyncio.Semaphore(ADOPTIONS_AT_ONCE)
        self._going: dict[str, asyncio.Task[None]] = {}
        self._seen: dict[str, float] = {}
        self._sealed: dict[str, float] = {}
        self._share = 0
        self._away_since: float | None = None
        self._own_only_until = 0.0

    async def run(self) -> None:
        """Look now, whenever a lease is released, and a few times in each lease, for ever."""
        try:
            await repeat("adoption", self._watch, retry=min(self._seconds / 3, ROUND_SECONDS))
        finally:
            for task in self._going.values():
                task.cancel()
            if self._going:
                await asyncio.wait(set(self._going.values()))

    async def _watch(self) -> None:
        try:
            async with self._store.released() as watch:
                while True:
                    began = _monotonic()
                    await self._look()
                    await asyncio.sleep((_monotonic() - began) * (1 / LOOKING_PART - 1))
                    await watch.changed(min(self._seconds / 3, ROUND_SECONDS))
        except StoreUnavailable:
            self._away_since = self._away_since or _monotonic()
            raise

    async def _look(self) -> None:
        await self._pool.refresh()
        unowned = await self._store.abandoned()
        now = _monotonic()
        self._share = self._pool.share(len(unowned))
        self._seen = {name: self._seen.get(name, now) for name in unowned}
        self._sealed = {name: until for name, until in self._sealed.items() if until > now}
        self._note_return(now)
        # Each worker in an order of its own, so that they do not all try for the same ones.
        random.shuffle(unowned)
        for name in unowned:
            if name in self._going or name in self._sealed:
                continue
            if now >= self._own_only_until or name in self._sessions.lapsed:
                task = asyncio.create_task(self._in_turn(name), name=f"adoption of {name}")
                self._going[name] = task
                task.add_done_callback(lambda _, name=name: self._going.pop(name, None))  # type: ignore[misc]

    def _note_return(self, now: float) -> None:
        """After an outage that outlived the leases, leave each session to its last owner for one lease time."""
        if self._away_since is not None and now - self._away_since >= self._seconds / 3:
            self._own_only_until = now + self._seconds
        self._away_since = None
        if now >= self._own_only_until:
            for name in self._sessions.lapsed.keys() - self._seen:
                del self._sessions.lapsed[name]

    async def _in_turn(self, name: str) -> None:
        async with self._slots:
            with outlived("adoption"):
                async with self._turns.of(name):
                    started = await self._adopt(name)
                if started:
                    await self._sessions.settled(name, LOGIN_SECONDS)

    async def _adopt(self, name: str) -> bool:
        """Take over one instance; returns whether its session was started."""
        if name in self._sessions.names:
            return False
        stored = await self._store.instance(name)
        if stored is None or stored.lease is not None or not stored.live.wanted or self._begins(stored.live):
            return False
        if not stored.live.paired:
            await self._taking.close_interrupted(stored.instance)
            return False
        return self._is_ours_to_take(name) and await self._open(stored.instance)

    async def _open(self, instance: Instance) -> bool:
        if not self._pool.take_seat():
            return False
        try:
            return await self._taking.open(instance)
        except SealBroken:
            self._sealed[instance.name] = _monotonic() + SEALED_SECONDS
            structlog.get_logger().error("adoption.sealed", instance=instance.id)
            return False
        except (Fenced, PomboError) as error:
            structlog.get_logger().warning("adoption.failed", error=type(error).__name__)
            return False
        finally:
            self._pool.leave_seat()

    def _is_ours_to_take(self, name: str) -> bool:
        """Tell whether it belongs to our share, or the others have left it for a whole lease time."""
        waited = _monotonic() - self._seen.get(name, _monotonic())
        return self._pool.me.sessions < self._share or waited >= self._seconds

    def _begins(self, live: Live) -> bool:
        """Tell whether whoever created the instance is about to take its lease: the creation's step cannot hold it."""
        fresh = now_ms() - live.since < self._seconds * MILLISECOND
        return fresh and not live.paired and live.state == "close"


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
