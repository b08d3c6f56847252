"""Takes over sessions that nobody runs: this worker's share of them at once, what is left over after a lease time."""

import asyncio
import contextlib
import random

import msgspec
import structlog

from pombo_common.model.errors import PomboError
from pombo_common.model.instance import Live
from pombo_common.ports.changes import Change
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import Store, StoreUnavailable, Watch
from pombo_worker.engines.port import Fenced
from pombo_worker.events import EventMaker, now_ms
from pombo_worker.sessions.pool import Pool
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.taken_lease import take_lease
from pombo_worker.sessions.turns import Turns
from pombo_worker.sessions.writer import SessionWriter
from pombo_worker.wakes import Wakes

ADOPTIONS_AT_ONCE = 4
LOGIN_SECONDS = 2.0
"""How long an adoption keeps its place among those at once for its login."""

ROUND_SECONDS = 5.0
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
        self._wakes = wakes
        self._events = events
        self._sessions = sessions
        self._pool = pool
        self._turns = turns
        self._seconds = lease_seconds
        self._slots = asyncio.Semaphore(ADOPTIONS_AT_ONCE)
        self._going: dict[str, asyncio.Task[None]] = {}
        self._seen: dict[str, float] = {}
        self._share = 0
        self._away_since: float | None = None
        self._own_only_until = 0.0

    async def run(self) -> None:
        """Look now, whenever a lease is released, and a few times in each lease, for ever."""
        try:
            while True:
                try:
                    async with self._store.released() as watch:
                        await self._look_again_and_again(watch)
                except StoreUnavailable:
                    structlog.get_logger().warning("adoption.store_away")
                    self._away_since = self._away_since or _monotonic()
                await asyncio.sleep(min(self._seconds / 3, ROUND_SECONDS))
        finally:
            for task in self._going.values():
                task.cancel()
            if self._going:
                await asyncio.wait(set(self._going.values()))

    async def _look_again_and_again(self, watch: Watch) -> None:
        while True:
            began = _monotonic()
            await self._look()
            await asyncio.sleep((_monotonic() - began) * (1 / LOOKING_PART - 1))
            await watch.changed(min(self._seconds / 3, ROUND_SECONDS))

    async def _look(self) -> None:
        await self._pool.refresh()
        unowned = await self._store.abandoned()
        now = _monotonic()
        self._share = self._pool.share(len(unowned))
        self._seen = {name: self._seen.get(name, now) for name in unowned}
        self._note_return(now)
        # Each worker in an order of its own, so that they do not all try for the same ones.
        random.shuffle(unowned)
        for name in unowned:
            if name not in self._going and (now >= self._own_only_until or name in self._sessions.lapsed):
                task = asyncio.create_task(self._in_turn(name), name=f"adoption of {name}")
                self._going[name] = task
                task.add_done_callback(lambda _, name=name: self._going.pop(name, None))  # type: ignore[misc]

    def _note_return(self, now: float) -> None:
        """After an outage that outlived the leases, leave each session to its last owner for one lease time."""
        if self._away_since is not None and now - self._away_since >= self._seconds / 3:
            self._own_only_until = now + self._seconds
        self._away_since = None
        if now >= self._own_only_until:
            self._sessions.lapsed.intersection_update(self._seen)

    async def _in_turn(self, name: str) -> None:
        async with self._slots:
            try:
                async with self._turns.of(name):
                    started = await self._adopt(name)
                if started:
                    await self._sessions.settled(name, LOGIN_SECONDS)
            except (Fenced, PomboError, StoreUnavailable) as error:
                structlog.get_logger().warning("adoption.failed", error=type(error).__name__)

    async def _adopt(self, name: str) -> bool:
        """Take over one instance; returns whether its session was started."""
        if name in self._sessions.names:
            return False
        stored = await self._store.instance(name)
        if stored is None or stored.lease is not None or not stored.live.wanted or self._begins(stored.live):
            return False
        if not stored.live.paired:
            await self._close_interrupted(stored)
            return False
        if not self._is_ours_to_take(name) or not self._pool.take_seat():
            return False
        try:
            return await self._open(stored)
        finally:
            self._pool.leave_seat()

    def _is_ours_to_take(self, name: str) -> bool:
        """Tell whether it belongs to our share, or the others have left it for a whole lease time."""
        waited = _monotonic() - self._seen.get(name, _monotonic())
        return self._pool.me.sessions < self._share or waited >= self._seconds

    async def _open(self, stored: StoredInstance) -> bool:
        instance = stored.instance
        url = await self._sessions.address(instance)
        lease = await take_lease(self._store, instance, self._sessions.worker, self._seconds)
        if lease is None:
            return False
        structlog.get_logger().info("adoption.adopted", instance=instance.id, epoch=lease.epoch)
        try:
            await self._say_startup(stored, lease.epoch)
        except asyncio.CancelledError:
            # The worker stops: somebody else need not wait until the lease has run out.
            with contextlib.suppress(StoreUnavailable):
                await self._store.release(instance.name, instance.id, lease.epoch)
            raise
        self._sessions.start(stored, lease, url)
        return True

    def _begins(self, live: Live) -> bool:
        """Tell whether whoever created the instance is about to take its lease: the creation's step cannot hold it."""
        fresh = now_ms() - live.since < self._seconds * MILLISECOND
        return fresh and not live.paired and live.state == "close"

    async def _say_startup(self, stored: StoredInstance, epoch: int) -> None:
        """Log `application.startup`: a worker has begun to run this session."""
        instance = stored.instance
        event = self._events.startup(instance.name, instance.id, stored.live.owner_jid)
        writer = SessionWriter(self._store, self._wakes, instance.name, instance.id, epoch)
        await writer.apply(Change(instance_id=instance.id, epoch=epoch, events=(event,)))

    async def _close_interrupted(self, stored: StoredInstance) -> None:
        """Say that a pairing lost its worker; its code is worthless now, and connect begins afresh."""
        instance = stored.instance
        epoch = await self._store.acquire(instance.name, instance.id, self._sessions.worker, self._seconds)
        if epoch is None:
            return
        live = msgspec.structs.replace(
            stored.live,
            state="close",
            phase="stopped",
            reason="pairing-interrupted",
            status_reason=428,
            since=now_ms(),
            wanted=False,
            qr=None,
            pairing_code=None,
        )
        writer = SessionWriter(self._store, self._wakes, instance.name, instance.id, epoch)
        await writer.state(live, self._events.connection(instance.name, instance.id, live), forget=True)
        await self._store.release(instance.name, instance.id, epoch)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
