"""What processes cost: memory and processor time, read from /proc."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

PROC = Path("/proc")
KIB = 1024
USER, SYSTEM = 11, 12
"""Places in /proc/<pid>/stat behind the program's name."""


class Cost(NamedTuple):
    """What some processes cost together.

    Attributes:
        resident: bytes, each process by itself: what several share counts several times.
        proportional: bytes, what several share divided among them.
        processor: seconds since their start.
    """

    resident: int
    proportional: int
    processor: float


class Idle(msgspec.Struct, frozen=True):
    """What idle sessions cost.

    Attributes:
        resident_mb: MiB, see `Cost`.
        proportional_mb: MiB, see `Cost`.
        processor: part of one core.
        processes: how many they are.
    """

    resident_mb: float
    proportional_mb: float
    processor: float
    processes: int


def cost_of(pids: Iterable[int]) -> Cost:
    """Add up what these processes cost now."""
    costs = [_cost(pid) for pid in pids]
    return Cost(*(sum(column) for column in zip(*costs, strict=True)))


def _cost(pid: int) -> Cost:
    sizes = {}
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]:
        name, amount = line.split(":")
        sizes[name] = int(amount.split()[0]) * KIB
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[USER]) + int(fields[SYSTEM])
    return Cost(sizes["Rss"], sizes["Pss"], ticks / os.sysconf("SC_CLK_TCK"))
