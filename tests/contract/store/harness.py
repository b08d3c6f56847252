"""What the suite needs of an adapter beside the port: handles on one empty store, and a list of what it keeps."""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import redis.asyncio

from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.ports.records import LOG_LIMIT
from pombo_common.ports.store import Store


class StoreFactory(Protocol):
    """One store, empty at first; every handle that is opened on it sees the same."""

    async def open(self, *, log_limit: int = LOG_LIMIT) -> Store:
        """Open one more handle; the fixture closes it."""

    async def census(self) -> list[str]:
        """Name everything that is kept, raw, sorted."""


class OpenedStores:
    """The handles of one test, closed at its end.

    Args:
        make: builds an adapter that is not open yet, with this log limit.
        count: the adapter's own way to name what is kept.
    """

    def __init__(self, make: Callable[[int], Store], count: Callable[[], Awaitable[list[str]]]) -> None:
        self._make = make
        self._count = count
        self._handles: list[Store] = []

    async def open(self, *, log_limit: int = LOG_LIMIT) -> Store:
        """Open one more handle."""
        handle = self._make(log_limit)
        self._handles.append(handle)
        await handle.open()
        return handle

    async def census(self) -> list[str]:
        """Name everything that is kept."""
        return await self._count()

    async def close(self) -> None:
        """Close every handle."""
        while self._handles:
            await self._handles.pop().close()


def sqlite_stores(path: Path) -> OpenedStores:
    """Stand on one file."""

    async def count() -> list[str]:
        connection = sqlite3.connect(path)
        try:
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            return sorted(
                f"{table} {row}"
                for table in tables
                for row in connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - names from the schema
            )
        finally:
            connection.close()

    return OpenedStores(lambda limit: SqliteStore(path, log_limit=limit), count)


def redis_stores(url: str, prefix: str) -> OpenedStores:
    """Stand on the keys with one prefix."""
    from pombo_common.adapters.redis import RedisStore  # noqa: PLC0415 - only the tests on Redis load its client

    async def count() -> list[str]:
        # Keys without a hash tag are projections: they may hold too much for a while, names and no content.
        return sorted(key.decode() for key in await _keys(url, prefix) if b"{" in key)

    return OpenedStores(lambda limit: RedisStore(url, prefix=prefix, log_limit=limit), count)


async def flush(url: str, prefix: str) -> None:
    """Remove the keys with one prefix."""
    for server in _servers(url):
        async with redis.asyncio.Redis.from_url(server) as client, client.pipeline(transaction=False) as pipeline:
            for key in await _keys_of(client, prefix):  # one by one: on a cluster they lie in many slots
                pipeline.delete(key)
            await pipeline.execute()


async def _keys(url: str, prefix: str) -> list[bytes]:
    found: list[bytes] = []
    for server in _servers(url):
        async with redis.asyncio.Redis.from_url(server) as client:
            found += await _keys_of(client, prefix)
    return found


async def _keys_of(client: "redis.asyncio.Redis", prefix: str) -> list[bytes]:
    return [key async for key in client.scan_iter(match=f"*{prefix}*", count=1000)]


def _servers(url: str) -> list[str]:
    """Return the addresses of the servers that together hold all keys; of a cluster the address names every node."""
    scheme, _, nodes = url.partition("+cluster://")
    return [f"{scheme}://{node}" for node in nodes.split(",")] if nodes else [url]
