"""How many sessions each worker should run: evenly, and none more than it can."""

import math
from collections.abc import Mapping, Sequence

from pombo_common.ports.records import WorkerBeat

TOLERANCE = 0.2
"""Part of its share by which a worker may be off before sessions are moved."""


def fair_shares(workers: Sequence[WorkerBeat], wanted: int) -> dict[str, int]:
    """Divide the wanted sessions; what one worker has no room for falls to the others.

    Args:
        workers: those that take sessions.
        wanted: sessions to divide.

    Returns:
        The most that each should run, by id. The sum can be a little more than `wanted`, since shares are rounded up,
        or less, when there is no room for all.
    """
    shares: dict[str, int] = {}
    left = wanted
    smallest_first = sorted(workers, key=lambda worker: math.inf if worker.capacity is None else worker.capacity)
    for position, worker in enumerate(smallest_first):
        fair = math.ceil(left / (len(workers) - position))
        share = fair if worker.capacity is None else min(worker.capacity, fair)
        shares[worker.id] = share
        # The roundings up must not add up: the last ones would be left with too little to take.
        left -= min(share, left // (len(workers) - position))
    return shares


def surplus(worker: WorkerBeat, others: Sequence[WorkerBeat], shares: Mapping[str, int]) -> int:
    """Return how many sessions a worker should hand over, 0 while nobody is further from its share than tolerated.

    Args:
        worker: the one that asks.
        others: the other workers that take sessions.
        shares: what `fair_shares` made of them all.
    """
    excess = worker.sessions - shares[worker.id]
    lacking = {other.id: shares[other.id] - other.sessions for other in others}
    far_above = excess > tolerated(shares[worker.id])
    far_below = any(lack > tolerated(shares[worker]) for worker, lack in lacking.items())
    if excess <= 0 or not (far_above or far_below):
        return 0
    return min(excess, sum(lack for lack in lacking.values() if lack > 0))


def tolerated(share: int) -> int:
    """Return how many sessions a worker may be above or below this share."""
    return max(1, int(share * TOLERANCE))
