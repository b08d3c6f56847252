"""The processes below another one, read from /proc."""

import os
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
STATE, PARENT, STARTED = 0, 1, 19
"""Places in /proc/<pid>/stat behind the program's name."""


class Running(NamedTuple):
    """One process; the start time tells it from a later one of the same number.

    Attributes:
        pid: its number.
        started: clock ticks since boot.
    """

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        """Whether it still runs; one that only waits to be reaped does not."""
        stat = _stat(self.pid)
        return stat is not None and stat[STATE] not in "ZX" and int(stat[STARTED]) == self.started

    @property
    def command(self) -> str:
        """Its command line, empty when it is gone."""
        try:
            return (PROC / str(self.pid) / "cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            return ""


def descendants(pid: int) -> list[Running]:
    """Return all processes below `pid`, at any depth."""
    children: dict[int, list[Running]] = {}
    for entry in os.listdir(PROC):  # noqa: PTH208 - /proc's entries vanish while they are listed
        if entry.isdigit() and (stat := _stat(int(entry))) is not None:
            children.setdefault(int(stat[PARENT]), []).append(Running(int(entry), int(stat[STARTED])))
    found: list[Running] = []
    waiting = list(children.get(pid, ()))
    while waiting:
        child = waiting.pop()
        found.append(child)
        waiting += children.get(child.pid, ())
    return found


def _stat(pid: int) -> list[str] | None:
    """Return the fields behind the name, which may itself hold spaces and brackets; None when it is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()
