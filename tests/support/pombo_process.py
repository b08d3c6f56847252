"""One run of the `pombo` command as a private process: started until it says that it is up, killed, interrupted."""

import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.process_tree import Running, descendants
from tests.support.server_process import ServerProcess
from tests.support.waiting import wait_until

COMMAND = Path(sys.executable).with_name("pombo")
END_SECONDS = 15.0
"""How long Pombo may take to end with everything that it started."""


class PomboProcess:
    """`pombo` with some arguments, its output in a log file that all its runs share.

    Args:
        arguments: what follows `pombo`.
        env: variables beside PATH and HOME.
        folder: takes the log; also the working folder, so that no `.env` is found.
        ready: matches what it prints once it is up; the first group is kept as `said`.
    """

    def __init__(self, arguments: Sequence[str], *, env: Mapping[str, str], folder: Path, ready: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"{arguments[0]}.log"
        self._ready = re.compile(ready)
        self._begin = 0
        self._process = ServerProcess(
            f"pombo {arguments[0]}",
            [str(COMMAND), *arguments],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **env},
            log=self.log,
            ready=lambda: self.find(self._ready) is not None,
        )

    @property
    def pid(self) -> int:
        """The process id of the Python process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._process.running

    @property
    def said(self) -> str:
        """What it said when it came up.

        Raises:
            LookupError: it has not.
        """
        found = self.find(self._ready)
        if found is None:
            raise LookupError(self._ready.pattern)
        return found

    @property
    def children(self) -> list[Running]:
        """All processes that it started and that still run."""
        return descendants(self.pid)

    def find(self, pattern: re.Pattern[str]) -> str | None:
        """Return the first group of the pattern's last match in the output of this run."""
        if not self.log.exists():
            return None
        with self.log.open("rb") as log:
            log.seek(self._begin)
            found = pattern.findall(log.read().decode(errors="replace"))
        return found[-1] if found else None

    def start(self) -> None:
        """Start it and return once it is up.

        Raises:
            RuntimeError: it ended instead.
            TimeoutError: it did not come up.
        """
        if not self.running:
            self._begin = self.log.stat().st_size if self.log.exists() else 0
        self._process.start()

    def kill(self) -> None:
        """Kill the Python process alone (SIGKILL), and check that all its children end by themselves.

        Raises:
            TimeoutError: one of them lived on.
        """
        if not self.running:
            return
        children = self.children
        self._process.kill()
        _all_gone(children, "all children ended after the kill")

    def interrupt(self) -> None:
        """Press Ctrl-C (SIGINT), and check that it ends in time with everything that it started.

        Raises:
            TimeoutError: it or a child lived on.
        """
        children = self.children
        os.kill(self.pid, signal.SIGINT)
        wait_until(lambda: not self.running, seconds=END_SECONDS, what="ended after Ctrl-C")
        _all_gone(children, "all children ended after Ctrl-C")
        self._process.kill()

    def stop(self) -> None:
        """End it in an orderly way (SIGTERM)."""
        self._process.stop()


def _all_gone(children: list[Running], what: str) -> None:
    try:
        wait_until(lambda: not any(child.alive for child in children), seconds=END_SECONDS, what=what)
    finally:
        for child in children:
            if child.alive:
                os.kill(child.pid, signal.SIGKILL)
