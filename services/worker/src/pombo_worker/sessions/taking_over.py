"""Takes one instance over that nobody runs: opens its session again, or closes a pairing that lost its worker."""

import asyncio
import contextlib

import msgspec
import structlog

from pombo_common.model.instance import Instance
from pombo_common.ports.changes import Change
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_common.vault import SealBroken
from pombo_worker.events import EventMaker, now_ms
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.taken_lease import TakenLease, take_lease
from pombo_worker.sessions.writer import SessionWriter
from pombo_worker.wakes import Wakes


class TakingOver:
    """Does it under a lease of its own, by what the instance is once that is taken."""

    def __init__(
        self, store: Store, wakes: Wakes, events: EventMaker, sessions: SessionRegistry, lease_seconds: float
    ) -> None:
        """Take instances over into these sessions."""
        self._store = store
        self._wakes = wakes
        self._events = events
        self._sessions = sessions
        self._seconds = lease_seconds

    async def open(self, seen: Instance) -> bool:
        """Start the session of a linked instance; False when another worker did, or it is not to run any more.

        Raises:
            SealBroken: it cannot be opened here. Its lease is left to others, and no event tells of it.
            Fenced: the lease was lost again at once.
            PomboError: 503 when the sandbox that it needs cannot be reached.
            StoreUnavailable: perhaps its lease was taken; it runs out by itself.
        """
        url = await self._sessions.address(seen)
        self._sessions.route(seen, url)
        lease = await self._lease(seen)
        if lease is None:
            return False
        try:
            started = await self._start(lease, url)
        except (asyncio.CancelledError, SealBroken):
            # The worker stops, or the secrets were sealed anew just now: nobody need wait for the lease's end.
            await self._give_back(lease)
            raise
        if not started:
            await self._give_back(lease)
        return started

    async def _start(self, lease: TakenLease, url: str | None) -> bool:
        """Start the session as the instance is now, under the lease; False when it became unwanted on the way."""
        stored = lease.stored
        if not (stored.live.wanted and stored.live.paired):
            return False
        route = self._sessions.route(stored.instance, url)
        structlog.get_logger().info("adoption.adopted", instance=stored.instance.id, epoch=lease.epoch)
        await self._say_startup(lease)
        self._sessions.start(stored, lease, route)
        return True

    async def _lease(self, seen: Instance) -> TakenLease | None:
        last = self._sessions.lapsed.get(seen.name, 0)
        return await take_lease(self._store, seen, self._sessions.worker, self._seconds, last)

    async def _give_back(self, lease: TakenLease) -> None:
        with contextlib.suppress(StoreUnavailable):
            await self._store.release(lease.stored.instance.name, lease.stored.instance.id, lease.held)

    async def _say_startup(self, lease: TakenLease) -> None:
        """Log `application.startup`: a worker has begun to run this session."""
        instance = lease.stored.instance
        event = self._events.startup(instance.name, instance.id, lease.stored.live.owner_jid)
        writer = SessionWriter(self._store, self._wakes, instance.name, instance.id, lease.held)
        await writer.apply(Change(instance_id=instance.id, held=lease.held, events=(event,)))

    async def close_interrupted(self, seen: Instance) -> None:
        """Say that a pairing lost its worker; its code is worthless now, and connect begins afresh."""
        lease = await self._lease(seen)
        if lease is None:
            return
        stored = lease.stored
        instance = stored.instance
        if stored.live.paired or not stored.live.wanted:
            await self._give_back(lease)
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
        writer = SessionWriter(self._store, self._wakes, instance.name, instance.id, lease.held)
        await writer.state(live, self._events.connection(instance.name, instance.id, live), forget=True)
        await self._store.release(instance.name, instance.id, lease.held)
