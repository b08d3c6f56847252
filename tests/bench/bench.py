"""What a section works with: the pace of the run, a folder, a voice, and contenders that take turns."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.console import Console

from tests.bench.samples import Contender, Sample, take_turns
from tests.bench.wrk import Wrk


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how often everything is measured.

    Attributes:
        rounds: runs of each contender; their median counts.
        seconds: of each run.
        warm_seconds: of the run before them, which does not count.
        connections: of `wrk`, or callers on a queue, at a time.
    """

    rounds: int = 5
    seconds: float = 3.0
    warm_seconds: float = 2.0
    connections: int = 16


class Bench:
    """One run.

    Attributes:
        pace: how long and how often.
        wrk: drives HTTP servers.
    """

    def __init__(self, folder: Path, pace: Pace, console: Console) -> None:
        """Start nothing.

        Args:
            folder: takes data, logs and scripts.
            pace: how long and how often.
            console: shows progress.
        """
        self.pace = pace
        self.wrk = Wrk(folder, pace.connections)
        self._folder = folder
        self._console = console
        self._folders = itertools.count(1)

    def folder(self, word: str) -> Path:
        """Return a new empty folder."""
        made = self._folder / f"{word}-{next(self._folders)}"
        made.mkdir()
        return made

    def say(self, line: str) -> None:
        """Show what happens now."""
        self._console.print(f"  {line}", style="dim", highlight=False)

    async def compare(self, what: str, contenders: Mapping[str, Contender]) -> dict[str, Sample]:
        """Let contenders take turns at this run's pace, and show the rates; returns the median of each."""
        pace = self.pace
        self.say(f"{what}: {', '.join(contenders)}; {pace.rounds} rounds of {pace.seconds:g} s each")
        with self._console.status("") as status:
            reached = await take_turns(
                contenders,
                rounds=pace.rounds,
                seconds=pace.seconds,
                warm_seconds=pace.warm_seconds,
                tell=lambda doing: status.update(f"{what}, {doing}"),
            )
        self.say("  " + ", ".join(f"{name} {sample.rate:,.0f}/s" for name, sample in reached.items()))
        return reached

    @contextmanager
    def counting(self, what: str, total: int) -> Iterator[Callable[[], None]]:
        """Show how many of so many things are done; yields what is called after each."""
        self.say(what)
        done = itertools.count(1)
        with self._console.status("") as status:
            yield lambda: status.update(f"{what}: {next(done)} of {total}")
