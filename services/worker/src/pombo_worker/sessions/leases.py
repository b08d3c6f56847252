"""Keeps the leases of this worker's sessions alive."""

import asyncio

import structlog

from pombo_common.ports.store import Store, StoreUnavailable
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.session import OWNED_PART


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
            self._sessions.lapsed.add(name)
            self._ending.append(asyncio.create_task(self._sessions.end(name, logout=False)))
