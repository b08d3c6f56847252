"""Threads that read: each on a read-only connection of its own, one snapshot per operation."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pombo_common.adapters.sqlite.jobs import Operation
from pombo_common.adapters.sqlite.writer import unavailable
from pombo_common.ports.store import StoreUnavailable

T = TypeVar("T")

THREADS = 2
"""So that one long list does not hold up every short read."""


class Readers:
    """Runs reading operations beside the writer; each sees everything that was answered before it began."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], clock: Callable[[], int]) -> None:
        """Start no thread yet: each opens its connection at its first operation.

        Args:
            connect: opens a read-only connection.
            clock: milliseconds since the epoch.
        """
        self._connect = connect
        self._clock = clock
        self._own = threading.local()
        self._closed = False
        self._opened: list[sqlite3.Connection] = []
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="pombo-store-reader")

    async def run(self, operation: Operation[T]) -> T:
        """Run one operation and return what it returned.

        Raises:
            StoreUnavailable: SQLite refused, or the readers are closed.
        """
        try:
            future = asyncio.get_running_loop().run_in_executor(self._pool, self._read, operation)
        except RuntimeError as error:
            raise StoreUnavailable("the store is closed") from error
        try:
            return await future
        except sqlite3.Error as error:
            raise unavailable(error) from error

    def look(self, operation: Operation[T]) -> T:
        """Run one statement here and now: finding one row takes less than handing the search to a thread.

        A statement is a snapshot by itself, so that it needs no transaction.

        Raises:
            StoreUnavailable: SQLite refused, or the readers are closed.
        """
        if self._closed:
            raise StoreUnavailable("the store is closed")
        try:
            return operation(self._connection(), self._clock())
        except sqlite3.Error as error:
            raise unavailable(error) from error

    def close(self) -> None:
        """Finish what was asked for so far and close the connections; blocks until that is done."""
        self._closed = True
        self._pool.shutdown(wait=True)
        while self._opened:
            self._opened.pop().close()

    def _read(self, operation: Operation[T]) -> T:
        connection = self._connection()
        connection.execute("BEGIN")
        try:
            return operation(connection, self._clock())
        finally:
            connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
            self._opened.append(connection)
        return connection
