"""One Redis: connections whose calls are bounded in time and never repeated behind the caller's back."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from pombo_common.joined import Joined

CALL_SECONDS = 6.0
SOCKET_SECONDS = 5.0
CONNECT_SECONDS = 3.0
CONNECTIONS = 32
KEYS_AT_ONCE = 100

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

    def together(self, keys: Sequence[str], /) -> Iterator[Sequence[str]]:
        """Yield the keys in their order, in parts that one script may read at once."""

    async def execute_everywhere(self, *words: str) -> list[Any]:
        """Run one command on each server that takes writes; returns their answers."""

    def part(self, key: str, /) -> str:
        """Return which server has this key, as far as is known."""

    async def connection(self) -> AbstractConnection:
        """Return a connection of its own to any server, not yet connected and not part of a pool."""

    async def close(self) -> None:
        """Close all connections."""


class _Asked:
    """One caller's commands; each is itself alone, so that none is taken for another."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = commands


class Server:
    """One server, or one node of a cluster."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing connects before the first call.

        Args:
            url: `redis://`, `rediss://` or `unix://` address.
        """
        # A step whose answer was lost may have happened: only its caller can tell whether to ask again.
        self._made_by = ConnectionPool.from_url(
            url,
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            client_name="pombo",
        )
        self._idle: list[AbstractConnection] = []
        self._busy: set[AbstractConnection] = set()
        self._asked: Joined[_Asked, list[Any]] = Joined(self._run, at_once=CONNECTIONS)

    async def execute(self, _key: str, words: Words, /) -> Any:  # noqa: ANN401 - Redis answers what the command says
        """Run one command."""
        (answer,) = await self.execute_many([(_key, words)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def execute_many(self, commands: Sequence[Command], /) -> list[Any]:
        """Run commands in their order on one connection; an error of one stands in the place of its answer.

        What is asked for at the same moment shares a connection and its round trip; it runs though its caller goes.
        """
        return await self._asked.get(_Asked(commands))

    async def _run(self, asked: Sequence[_Asked]) -> list[list[Any]]:
        """Run what several callers asked for; returns the answers of each."""
        answers = iter(await self._send([words for one in asked for _, words in one.commands]))
        return [[next(answers) for _ in one.commands] for one in asked]

    async def _send(self, line: Sequence[Words]) -> list[Any]:
        connection = self._idle.pop() if self._idle else self._new()
        self._busy.add(connection)
        try:
            await _ready(connection)
            await connection.send_packed_command(connection.pack_commands(line), check_health=False)
            return [await _answer(connection) for _ in line]
        except BaseException:  # Answers may still come; they would be taken for those of the next commands.
            await connection.disconnect(nowait=True)
            raise
        finally:
            self._busy.discard(connection)
            self._idle.append(connection)

    def together(self, keys: Sequence[str], /) -> Iterator[Sequence[str]]:
        """Yield the keys in parts that hold nobody else up for long."""
        for begin in range(0, len(keys), KEYS_AT_ONCE):
            yield keys[begin : begin + KEYS_AT_ONCE]

    async def execute_everywhere(self, *words: str) -> list[Any]:
        """Run one command."""
        return [await self.execute("", words)]

    def part(self, _key: str, /) -> str:
        """There is one server."""
        return ""

    async def connection(self) -> AbstractConnection:
        """Return a connection of its own, not yet connected and not part of the pool."""
        return self._new()

    async def rest(self) -> None:
        """Close the connections that nobody uses now."""
        while self._idle:
            await self._idle.pop().disconnect()

    async def close(self) -> None:
        """Close all connections."""
        for connection in list(self._busy):
            await connection.disconnect(nowait=True)
        await self.rest()

    def _new(self) -> AbstractConnection:
        connection: AbstractConnection = self._made_by.make_connection()  # type: ignore[no-untyped-call]
        return connection


async def _ready(connection: AbstractConnection) -> None:
    """Connect unless it is; one that the server has closed, or that says what nobody asked for, is made anew."""
    if connection.is_connected and await connection.can_read():
        await connection.disconnect(nowait=True)
    if not connection.is_connected:
        await connection.connect()  # type: ignore[no-untyped-call]


async def _answer(connection: AbstractConnection) -> Any:  # noqa: ANN401 - Redis answers what the command says
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error
