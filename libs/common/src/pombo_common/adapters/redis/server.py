"""One Redis: a pool of connections whose calls are bounded in time and never repeated behind the caller's back."""

from collections.abc import Sequence
from typing import Any, Protocol

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CALL_SECONDS = 6.0
SOCKET_SECONDS = 5.0
CONNECT_SECONDS = 3.0
CONNECTIONS = 32

Words = Sequence[str | bytes | int | float]
"""A command and its arguments."""

Command = tuple[str, Words]
"""A key that the command touches, and the command; its other keys share the key's slot."""


class Servers(Protocol):
    """Where commands go: one server, or whichever node of a cluster has the key."""

    async def execute(self, key: str, words: Words, /) -> Any:  # noqa: ANN401 - Redis answers what the command says
        """Run one command where this key is."""

    async def execute_many(self, commands: Sequence[Command], /) -> list[Any]:
        """Run commands, pipelined; an error of one command stands in the place of its answer."""

    async def execute_everywhere(self, *words: str) -> list[Any]:
        """Run one command on each server that takes writes; returns their answers."""

    def part(self, key: str, /) -> str:
        """Return which server has this key, as far as is known."""

    async def connection(self) -> AbstractConnection:
        """Return a connection of its own to any server, not yet connected and not part of a pool."""

    async def close(self) -> None:
        """Close all connections."""


class Server:
    """One server, or one node of a cluster."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing connects before the first call.

        Args:
            url: `redis://`, `rediss://` or `unix://` address.
        """
        # A step whose answer was lost may have happened: only its caller can tell whether to ask again.
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=CALL_SECONDS,
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            client_name="pombo",
        )
        self._client = Redis(connection_pool=self._pool)

    async def execute(self, _key: str, words: Words, /) -> Any:  # noqa: ANN401 - Redis answers what the command says
        """Run one command."""
        return await self._client.execute_command(*words)  # type: ignore[no-untyped-call]

    async def execute_many(self, commands: Sequence[Command], /) -> list[Any]:
        """Run commands in their order on one connection; an error of one stands in the place of its answer."""
        async with self._client.pipeline(transaction=False) as pipeline:
            for _, words in commands:
                pipeline.execute_command(*words)
            return await pipeline.execute(raise_on_error=False)

    async def execute_everywhere(self, *words: str) -> list[Any]:
        """Run one command."""
        return [await self.execute("", words)]

    def part(self, _key: str, /) -> str:
        """There is one server."""
        return ""

    async def connection(self) -> AbstractConnection:
        """Return a connection of its own, not yet connected and not part of the pool."""
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        return connection

    async def rest(self) -> None:
        """Close the connections that nobody uses now."""
        await self._pool.disconnect(inuse_connections=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
        await self._pool.disconnect()
