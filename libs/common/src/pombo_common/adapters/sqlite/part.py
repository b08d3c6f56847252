"""What the parts of the SQLite Store share: the file, with the one that writes and those that read."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

from pombo_common.adapters.sqlite.readers import Readers
from pombo_common.adapters.sqlite.schema import connect_reader, connect_writer
from pombo_common.adapters.sqlite.upkeep import Upkeep
from pombo_common.adapters.sqlite.writer import Writer, unavailable
from pombo_common.ports.store import StoreUnavailable


class StorePart:
    """Base of the mixins that together are the Store: each method is one operation, on the writer or on a reader."""

    def __init__(self, path: Path, clock: Callable[[], int], log_limit: int) -> None:
        """Remember where; `open` opens.

        Args:
            path: the file, in a folder that exists; made when it is missing.
            clock: the Store's clock, milliseconds since the epoch.
            log_limit: events that one instance's log keeps.
        """
        self._path = path
        self._clock = clock
        self._log_limit = log_limit
        self._opening = asyncio.Lock()
        self._parts: tuple[Writer, Readers] | None = None

    async def open(self) -> None:
        """Open the file, made when it is missing."""
        async with self._opening:
            if self._parts is None:
                self._parts = await asyncio.to_thread(self._open)

    async def close(self) -> None:
        """Finish what was asked for so far, then let go of the file."""
        parts, self._parts = self._parts, None
        if parts is not None:
            await asyncio.shield(asyncio.to_thread(_close, *parts))

    @property
    def _writer(self) -> Writer:
        return self._opened()[0]

    @property
    def _reader(self) -> Readers:
        return self._opened()[1]

    def _opened(self) -> tuple[Writer, Readers]:
        if self._parts is None:
            raise StoreUnavailable("the store is not open")
        return self._parts

    def _open(self) -> tuple[Writer, Readers]:
        try:
            connection = connect_writer(self._path)
        except (sqlite3.Error, OSError) as error:
            raise unavailable(error) from error
        return Writer(connection, self._clock, Upkeep()), Readers(lambda: connect_reader(self._path), self._clock)


def _close(writer: Writer, readers: Readers) -> None:
    # Readers first: the last connection to close tidies the write-ahead log, and only a writing one can.
    readers.close()
    writer.close()
