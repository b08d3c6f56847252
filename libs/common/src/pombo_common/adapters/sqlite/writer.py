"""The one thread that writes: whatever was asked for while a commit ran goes into the next one together."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import TypeVar

from pombo_common.adapters.sqlite.jobs import Job, Operation, deliver, tell
from pombo_common.ports.store import StoreUnavailable

T = TypeVar("T")

BATCH = 256
"""Operations that share one commit at most, so that the first of them does not wait for very many."""

COMPANY_SECONDS = 0.005
"""How long operations whose callers have heard already wait for others to share their commit."""


class Writer:
    """Runs operations in order, each in a savepoint of its own, and tells their callers after the commit."""

    def __init__(
        self, connection: sqlite3.Connection, clock: Callable[[], int], upkeep: Operation[None] | None = None
    ) -> None:
        """Start the thread.

        Args:
            connection: only the thread uses it from now on; `close` closes it.
            clock: milliseconds since the epoch.
            upkeep: run first in every transaction; its failure is nobody's.
        """
        self._connection = connection
        self._clock = clock
        self._upkeep = upkeep
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._last = False
        self._thread = threading.Thread(target=self._serve, name="pombo-store-writer", daemon=True)
        self._thread.start()

    async def run(
        self, operation: Operation[T], committed: Callable[[T], None] | None = None, *, early: bool = False
    ) -> T:
        """Run one operation; returns what it returned, once that is on the disk.

        It runs even if the caller is cancelled while it waits.

        Args:
            operation: raises nothing, or leaves nothing behind.
            committed: called with the result in the writer's thread, after the commit and before the caller hears.
            early: return at once when it has run; a crash or a full disk may still undo it for a moment.

        Raises:
            StoreUnavailable: SQLite refused, or the writer is closed.
        """
        loop = asyncio.get_running_loop()
        job = Job(operation, committed, loop, loop.create_future(), early)
        with self._closing:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            self._queue.put(job)
        result: T = await job.future
        return result

    def close(self) -> None:
        """Finish what was asked for so far, then close the connection; blocks until that is done."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while not self._last:
            self._transact(self._take())
        self._connection.close()

    def _take(self, seconds: float | None = None) -> list[Job]:
        """Wait for an operation, this long or for ever, and take what else is queued."""
        jobs: list[Job] = []
        try:
            job = self._queue.get(timeout=seconds)
            while job is not None:
                jobs.append(job)
                if len(jobs) == BATCH:
                    return jobs
                job = self._queue.get_nowait()
        except queue.Empty:
            return jobs
        self._last = True
        return jobs

    def _transact(self, jobs: list[Job]) -> None:
        """Run these in one transaction, with what may join them, and tell their callers.

        On a full disk or an I/O error SQLite may roll all of it back; then the others run again, without the operation
        in which that happened.
        """
        while jobs:
            try:
                culprit = self._attempt(jobs)
            except Exception as error:  # noqa: BLE001 - whatever it was, the callers hear it and the thread lives on
                self._roll_back()
                for job in jobs:
                    job.error = unavailable(error)
                culprit = None
            if culprit is None:
                deliver(jobs)
                return
            deliver([culprit])
            jobs = [job for job in jobs if job is not culprit]

    def _attempt(self, jobs: list[Job]) -> Job | None:
        """Run and commit these; returns the operation that cost the whole transaction, if one did.

        Raises:
            sqlite3.Error: nothing was begun, or the commit failed.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        if self._upkeep is not None:
            _, failure = self._step(self._upkeep)
            # A savepoint outside of a transaction would be a transaction, committed by itself.
            if failure is not None and not self._connection.in_transaction:
                raise failure
        for job in jobs:  # it grows
            job.result, job.error = self._step(job.operation)
            if not self._connection.in_transaction:
                return job
            if job is jobs[-1] and len(jobs) < BATCH and not self._last and all(each.early for each in jobs):
                tell(jobs)
                jobs += self._take(COMPANY_SECONDS)
        self._connection.execute("COMMIT")
        return None

    def _step(self, operation: Operation[T]) -> tuple[T | None, Exception | None]:
        """Run one operation in its savepoint; its failure is its caller's alone, and leaves nothing behind."""
        self._connection.execute("SAVEPOINT step")
        try:
            result = operation(self._connection, self._clock())
        except Exception as error:  # noqa: BLE001 - the caller hears it
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO step")
                self._connection.execute("RELEASE step")
            return None, unavailable(error) if isinstance(error, sqlite3.Error) else error
        self._connection.execute("RELEASE step")
        return result, None

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                # The next BEGIN fails as well then, and its callers hear that the Store is away.
                return


def unavailable(error: Exception) -> StoreUnavailable:
    """Say in the port's words that SQLite did not do it; the error itself becomes the cause."""
    if isinstance(error, StoreUnavailable):
        return error
    refusal = StoreUnavailable(f"the store's file does not answer: {error}")
    refusal.__cause__ = error
    return refusal
