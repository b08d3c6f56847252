"""Keeps leases alive, and takes over sessions that nobody runs."""

import asyncio

import msgspec
import structlog

from pombo_common.model.errors import PomboError
from pombo_common.model.instance import Live
from pombo_common.ports.bus import Bus
from pombo_common.ports.changes import Change
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_worker.engines.port import Fenced
from pombo_worker.events import EventMaker, now_ms
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.session import OWNED_PART
from pombo_worker.sessions.writer import SessionWriter

ADOPTIONS_AT_ONCE = 4
MILLISECOND = 1000


class LeaseKeeper:
    """Renews in bulk, three times in a lease; hosts close what is not renewed for two thirds of it."""

    def __init__(self, store: Store, sessions: SessionRegistry, lease_seconds: float) -> None:
        """Renew the leases of these sessions."""
        self._store = store
        self._sessions = sessions
        self._seconds = lease_seconds
        self._ending: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Renew for ever. While the Store is away hosts close their sockets by their own clock."""
        while True:
            await asyncio.sleep(self._seconds / 3)
            try:
                await self._renew()
            except StoreUnavailable:
                structlog.get_logger().warning("leases.store_away")

    async def _renew(self) -> None:
        # Lost sessions end beside the renewals of the others, however slow their hosts are.
        self._ending = [task for task in self._ending if not task.done()]
        held = self._sessions.held()
        if not held:
            return
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        lost = await self._store.renew(self._sessions.worker, held, self._seconds)
        left = self._seconds * OWNED_PART - (loop.time() - asked_at)
        # What ended while the answer was on its way, or began anew under the same name, is not meant by it.
        same = dict(held.items() & self._sessions.held().items())
        for name in same.keys() - lost:
            self._sessions.renewed(name, left)
        for name in same.keys() & lost:
            structlog.get_logger().warning("leases.lost")
            self._ending.append(asyncio.create_task(self._sessions.end(name, logout=False)))


class Adopter:
    """Finds wanted instances without an owner: linked ones are opened again, an interrupted pairing is closed."""

    def __init__(
        self, store: Store, bus: Bus, events: EventMaker, sessions: SessionRegistry, lease_seconds: float
    ) -> None:
        """Adopt into these sessions."""
        self._store = store
        self._bus = bus
        self._events = events
        self._sessions = sessions
        self._seconds = lease_seconds

    async def run(self) -> None:
        """Look now, and then a few times in each lease, for ever."""
        while True:
            try:
                await self._sweep()
            except StoreUnavailable:
                structlog.get_logger().warning("adoption.store_away")
            await asyncio.sleep(min(self._seconds / 3, 5.0))

    async def _sweep(self) -> None:
        slots = asyncio.Semaphore(ADOPTIONS_AT_ONCE)

        async def adopt(name: str) -> None:
            async with slots:
                try:
                    await self._adopt(name)
                except (Fenced, PomboError, StoreUnavailable) as error:
                    structlog.get_logger().warning("adoption.failed", error=type(error).__name__)

        await asyncio.gather(*(adopt(name) for name in await self._store.abandoned()))

    async def _adopt(self, name: str) -> None:
        if name in self._sessions.names:
            return
        stored = await self._store.instance(name)
        if stored is None or not stored.live.wanted or self._begins(stored.live):
            return
        url = await self._sessions.address(stored.instance) if stored.live.paired else None
        epoch = await self._store.acquire(name, stored.instance.id, self._sessions.worker, self._seconds)
        if epoch is None:
            return
        structlog.get_logger().info("adoption.adopted", instance=stored.instance.id, epoch=epoch)
        if stored.live.paired:
            await self._say_startup(stored, epoch)
            self._sessions.start(stored, epoch, url)
        else:
            await self._close_interrupted(stored, epoch)

    def _begins(self, live: Live) -> bool:
        """Tell whether whoever created the instance is about to take its lease: the creation's step cannot hold it."""
        fresh = now_ms() - live.since < self._seconds * MILLISECOND
        return fresh and not live.paired and live.state == "close"

    async def _say_startup(self, stored: StoredInstance, epoch: int) -> None:
        """Log `application.startup`: a worker has begun to run this session."""
        instance = stored.instance
        event = self._events.startup(instance.name, instance.id, stored.live.owner_jid)
        writer = SessionWriter(self._store, self._bus, instance.name, instance.id, epoch)
        await writer.apply(Change(instance_id=instance.id, epoch=epoch, events=(event,)))

    async def _close_interrupted(self, stored: StoredInstance, epoch: int) -> None:
        """Say that a pairing lost its worker; its code is worthless now, and connect begins afresh."""
        instance = stored.instance
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
        writer = SessionWriter(self._store, self._bus, instance.name, instance.id, epoch)
        await writer.state(live, self._events.connection(instance.name, instance.id, live), forget=True)
        await self._store.release(instance.name, instance.id, epoch)
