"""Gives sessions to other workers: the surplus when somebody has less than its share, everything before the end.

Each one is closed, its socket confirmed gone, then its lease is released, which the others are told.
"""

import asyncio
import random
from collections.abc import Sequence

import structlog

from pombo_common.ports.store import Store
from pombo_worker.repeating import outlived, repeat
from pombo_worker.sessions.pool import Pool
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.turns import Turns

HAND_OVERS_AT_ONCE = 4
DRAINED_FOR_EACH = 2
DRAINED_AT_ONCE = 16
"""So many for each of the others are handed over at once by a worker that stops, and no more than this in all.

A login is work, and more at once make each take longer: few at a time keeps each session's absence short.
"""

TAKEN_SECONDS = 5.0
"""How long a session that was given is waited for to begin elsewhere, before the next one is given."""

ROUND_SECONDS = 5.0
CALM_LEASES = 4
"""Lease times without another try after nobody took what was given."""


class HandOver:
    """Moves sessions of this worker away."""

    def __init__(
        self,
        store: Store,
        sessions: SessionRegistry,
        *,
        pool: Pool,
        turns: Turns,
        lease_seconds: float,
        drain_seconds: float,
    ) -> None:
        """Move these sessions, each in its turn.

        Args:
            store: tells of those that are taken.
            sessions: of this worker.
            pool: knows who could take them.
            turns: one thing at a time for each instance.
            lease_seconds: length of a lease.
            drain_seconds: the longest that `drain` hands over one by one. What is left is closed at once, and the
                others then find it, each waiting for those before it.
        """
        self._store = store
        self._sessions = sessions
        self._pool = pool
        self._turns = turns
        self._seconds = lease_seconds
        self._drain_seconds = drain_seconds

    async def run(self) -> None:
        """Compare with the others a few times in each lease, and give what is too much here, for ever.

        An imbalance must stand for two looks: a worker that adopts or starts just now says so only at its next beat.
        """
        seen_before = False
        pause = min(self._seconds / 3, ROUND_SECONDS)

        async def compare() -> float:
            nonlocal seen_before
            too_many = await self._too_many()
            taken = not (too_many and seen_before) or await self._give(too_many)
            seen_before = too_many > 0
            return pause if taken else CALM_LEASES * self._seconds

        await repeat("hand_over", compare, retry=pause)

    async def drain(self) -> None:
        """Hand everything over while there is somebody to take it, a few at a time, open sessions first.

        Commands are passed on from now on. Raises nothing, so that the worker's end goes on behind it: what is left is
        closed, or its leases run out by themselves.
        """
        self._pool.draining = True
        try:
            async with asyncio.timeout(self._drain_seconds):
                with outlived("hand_over"):
                    await self._pool.refresh()
                    if self._pool.peers:
                        await self._all_to(len(self._pool.peers))
        except TimeoutError:
            structlog.get_logger().warning("hand_over.unfinished", left=len(self._sessions.names))

    async def _all_to(self, peers: int) -> None:
        names = sorted(self._sessions.names, key=lambda name: not self._sessions.movable(name))
        await self._all(names, min(DRAINED_AT_ONCE, DRAINED_FOR_EACH * peers), forced=True)

    async def _too_many(self) -> int:
        """Return how many sessions to give; nothing while some have no owner, since they will even things out."""
        await self._pool.refresh()
        too_many = self._pool.surplus()
        return 0 if too_many and await self._store.abandoned() else too_many

    async def _give(self, count: int) -> bool:
        """Give so many sessions, as far as there are such that can be moved; False when one was not taken."""
        movable = [name for name in self._sessions.names if self._sessions.movable(name)]
        chosen = random.sample(movable, min(count, len(movable)))
        structlog.get_logger().info("hand_over.surplus", sessions=len(chosen))
        return await self._all(chosen, HAND_OVERS_AT_ONCE, forced=False)

    async def _all(self, names: Sequence[str], at_once: int, *, forced: bool) -> bool:
        slots = asyncio.Semaphore(at_once)

        taken: list[str] = []

        async def one(name: str) -> None:
            async with slots:
                with outlived("hand_over"):
                    if await self._one(name, forced=forced):
                        taken.append(name)

        await asyncio.gather(*(one(name) for name in names))
        return len(taken) == len(names)

    async def _one(self, name: str, *, forced: bool) -> bool:
        """Give one session and wait until somebody's has begun; False when nobody's did in time."""
        async with self._store.watch(name) as watch:
            async with self._turns.waiting(name), self._turns.of(name):
                if not forced and not self._sessions.movable(name):
                    return True
                await self._sessions.hand_back(name)
            return await watch.changed(TAKEN_SECONDS)
