"""A lease that this worker has just taken, and since when it may count on it."""

import asyncio
from typing import NamedTuple

from pombo_common.model.instance import Instance
from pombo_common.ports.changes import Held
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import Store

OWNED_PART = 2 / 3
"""Part of a lease for which sockets live without a renewal; an adopter dials only after the whole of it."""


class TakenLease(NamedTuple):
    """A lease of ours.

    Attributes:
        stored: the instance as it was read under the lease. Whoever changes its configuration later finds the lease,
            and lets its owner know.
        held: the lease itself, under which its owner writes.
        asked_at: the loop's time right before the Store was asked for it. It began no earlier, so whoever counts from
            here never counts too long, though the answer or what follows it be slow.
    """

    stored: StoredInstance
    held: Held
    asked_at: float

    @property
    def epoch(self) -> int:
        """The lease's epoch."""
        return self.held.epoch

    def owned_until(self, seconds: float) -> float:
        """Return until when sockets may live under a lease of so many seconds that is not renewed."""
        return self.asked_at + seconds * OWNED_PART


async def take_lease(store: Store, instance: Instance, worker: str, seconds: float, last: int = 0) -> TakenLease | None:
    """Take an instance's lease for so many seconds; None when another has it, or the instance is gone.

    Args:
        store: has the lease.
        instance: whose lease it is.
        worker: the new owner's id.
        seconds: how long it lasts.
        last: the last epoch that the worker had of this name, 0 for none.

    Raises:
        StoreUnavailable: nobody knows whether it was taken; if so it runs out by itself.
    """
    asked_at = asyncio.get_running_loop().time()
    epoch = await store.acquire(instance.name, instance.id, worker, seconds, last)
    stored = None if epoch is None else await store.instance(instance.name)
    if epoch is None or stored is None or stored.instance.id != instance.id:
        return None
    return TakenLease(stored, Held(worker, epoch), asked_at)
