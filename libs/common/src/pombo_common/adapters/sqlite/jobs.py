"""Operations on their way to the writer's thread, and their results on the way back to whoever waits."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

Operation = Callable[[sqlite3.Connection, int], T]
"""What runs inside the transaction; the second argument is the Store's clock, milliseconds."""


@dataclass(slots=True)
class Job:
    """One operation with whoever waits for it.

    Attributes:
        operation: raises nothing, or leaves nothing behind.
        committed: called with the result, after the commit and before the caller hears.
        loop: the caller's.
        future: what the caller waits for.
    early: the caller hears before the commit, and takes that a crash right after undoes it.
        result: of the operation.
        error: why there is none.
    """

    operation: Operation[Any]
    committed: Callable[[Any], None] | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    early: bool = False
    result: Any = None
    error: Exception | None = None

    def settle(self) -> None:
        """Tell the caller, in its own loop; one that was cancelled meanwhile hears nothing."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def deliver(jobs: Sequence[Job]) -> None:
    """Do what follows a commit, then tell the callers."""
    for job in jobs:
        if job.error is None and job.committed is not None:
            job.committed(job.result)
    tell(jobs)


def tell(jobs: Iterable[Job]) -> None:
    """Tell the callers what became of their operations, with one call into each loop."""
    loops: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        loops.setdefault(job.loop, []).append(job)
    for loop, ready in loops.items():
        call_in(loop, partial(_settle_all, ready))


def _settle_all(jobs: list[Job]) -> None:
    for job in jobs:
        job.settle()


def call_in(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
    """Call something in a loop from another thread; a loop that has ended has nobody left who waits."""
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:
        if not loop.is_closed():
            raise
