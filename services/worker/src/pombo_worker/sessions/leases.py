"""Keeps the leases of this worker's sessions alive."""

import asyncio
from collections.abc import Mapping

import structlog

from pombo_common.ports.store import Store
from pombo_worker.repeating import outlived, repeat
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.taken_lease import OWNED_PART


class LeaseKeeper:
    """Renews in bulk, three times in a lease; hosts close what is not renewed for two thirds of it."""

    def __init__(self, store: Store, sessions: SessionRegistry, lease_seconds: float) -> None:
        """Renew the leases of these sessions."""
        self._store = store
        self._sessions = sessions
        self._seconds = lease_seconds
        self._renewing: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[bool]] = set()

    async def run(self) -> None:
        """Renew for ever. While the Store is away hosts close their sockets by their own clock.

        Each part of the Store is asked by itself: one that does not answer takes no other's sessions with it.
        """
        try:
            await repeat("leases", self._begin_all, retry=self._seconds / 3)
        finally:
            for task in self._renewing.values():
                task.cancel()

    async def _begin_all(self) -> float:
        held = self._sessions.held()
        for part, names in self._store.parts(held).items():
            if part not in self._renewing:
                self._begin(part, {name: held[name] for name in names})
        return self._seconds / 3

    def _begin(self, part: str, held: Mapping[str, int]) -> None:
        task = asyncio.create_task(self._renewed(held), name=f"renewal {part}")
        self._renewing[part] = task
        task.add_done_callback(lambda _: self._renewing.pop(part, None))

    async def _renewed(self, held: Mapping[str, int]) -> None:
        with outlived("leases", sessions=len(held)):
            await self._renew(held)

    async def _renew(self, held: Mapping[str, int]) -> None:
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
            self._sessions.lapsed[name] = same[name]
            # Lost sessions end beside the renewals of the others, however slow their hosts are.
            task = asyncio.create_task(self._sessions.end(name, logout=False, lost=True))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
