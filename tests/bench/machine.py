"""Facts about the machine that figures mean nothing without."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import msgspec

LIBRARIES = ("litestar", "uvicorn", "uvloop", "httptools", "msgspec", "redis", "hiredis", "aio-pika")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The machine and what runs on it.

    Attributes:
        processor: its name.
        cores: that this process may use.
        system: kernel and C library.
        python: version of the interpreter.
        libraries: versions by name.
        load: the load averages of 1, 5 and 15 minutes as the run began.
    """

    processor: str
    cores: int
    system: str
    python: str
    libraries: dict[str, str]
    load: tuple[float, float, float]

    def lines(self) -> list[str]:
        """Say it for people."""
        load = ", ".join(f"{value:.1f}" for value in self.load)
        return [
            f"{self.processor}, {self.cores} cores, {self.system}, Python {self.python}",
            ", ".join(f"{name} {number}" for name, number in self.libraries.items()),
            f"load {load} as it began: what else runs here makes figures smaller, and shares noisier",
        ]


def this_machine() -> Machine:
    """Look at this machine."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        system=platform.platform(terse=True),
        python=platform.python_version(),
        libraries={name: version(name) for name in LIBRARIES},
        load=os.getloadavg(),
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
