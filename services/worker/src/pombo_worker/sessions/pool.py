"""This worker among the others: what it says of itself, what the others said last, and who has room."""

import contextlib
from collections.abc import Sequence

import msgspec

from pombo_common.ports.records import WorkerBeat
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_worker.repeating import repeat
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.shares import fair_shares, surplus

BEAT_SECONDS = 2.0
LIVE_PART = 2 / 3
"""Part of a lease for which a beat counts: whoever died is gone from the table before its sessions can be taken."""


class Pool:
    """Beats for this worker and keeps what the others said; counts the seats that it has for sessions.

    Attributes:
        draining: this worker hands its sessions over and takes no more.
    """

    def __init__(self, store: Store, sessions: SessionRegistry, lease_seconds: float, capacity: int | None) -> None:
        """Speak for these sessions.

        Args:
            store: keeps the table of workers.
            sessions: those of this worker.
            lease_seconds: length of a lease.
            capacity: how many sessions it may run; None: as many as come.
        """
        self.draining = False
        self._store = store
        self._sessions = sessions
        self._seconds = lease_seconds
        self._capacity = capacity
        self._reserved = 0
        self._others: list[WorkerBeat] = []

    async def run(self) -> None:
        """Beat for ever, a few times in each lease."""
        pause = min(self._seconds / 3, BEAT_SECONDS)

        async def beat() -> float:
            await self.refresh()
            return pause

        await repeat("pool", beat, retry=pause)

    async def refresh(self) -> None:
        """Say how it stands here, and read how it stands elsewhere.

        Raises:
            StoreUnavailable: the table cannot be reached.
        """
        me = self.me
        await self._store.beat(me, self._seconds * LIVE_PART)
        self._others = [worker for worker in await self._store.workers() if worker.id != me.id]

    async def leave(self) -> None:
        """Go from the table; when the Store is away that happens by itself."""
        with contextlib.suppress(StoreUnavailable):
            await self._store.leave(self._sessions.worker)

    @property
    def me(self) -> WorkerBeat:
        """What this worker says of itself now."""
        return WorkerBeat(
            id=self._sessions.worker,
            sessions=len(self._sessions.names) + self._reserved,
            capacity=self._capacity,
            draining=self.draining,
        )

    @property
    def peers(self) -> Sequence[WorkerBeat]:
        """The other workers that take sessions, as they were at the last look."""
        return [worker for worker in self._others if not worker.draining]

    # -- seats ----------------------------------------------------------------------------------------------------
    def take_seat(self) -> bool:
        """Keep room for a session that is about to start; False when there is none, and nothing is kept then."""
        if not has_room(self.me):
            return False
        self._reserved += 1
        return True

    def leave_seat(self) -> None:
        """Give the room back: the session counts by itself now, or did not start."""
        self._reserved -= 1

    # -- shares ---------------------------------------------------------------------------------------------------
    def share(self, unowned: int) -> int:
        """Return how many sessions this worker should run when so many wait for an owner."""
        wanted = self.me.sessions + unowned + sum(worker.sessions for worker in self._others)
        return fair_shares([self.me, *self.peers], wanted)[self.me.id]

    def surplus(self) -> int:
        """Return how many sessions this worker should hand over to the others."""
        me, peers = self.me, self.peers
        wanted = me.sessions + sum(worker.sessions for worker in self._others)
        return surplus(me, peers, fair_shares([me, *peers], wanted))

    async def elsewhere(self, *, to_start: bool) -> str | None:
        """Return the least loaded of the other workers, and with room when a session is to be started there.

        What the others said is read anew, and this worker's own state written first: two full workers must know it
        of each other, or a command would go to and fro between them.

        Raises:
            StoreUnavailable: the table cannot be reached.
        """
        await self.refresh()
        fit = [worker for worker in self.peers if not to_start or has_room(worker)]
        if not fit:
            return None
        chosen = min(fit, key=lambda worker: worker.sessions)
        if to_start:
            # It says so itself only once the session runs; the next one may have to go elsewhere.
            more = msgspec.structs.replace(chosen, sessions=chosen.sessions + 1)
            self._others = [more if worker is chosen else worker for worker in self._others]
        return chosen.id


def has_room(worker: WorkerBeat) -> bool:
    """Tell whether a worker may run one more session."""
    return not worker.draining and (worker.capacity is None or worker.sessions < worker.capacity)
