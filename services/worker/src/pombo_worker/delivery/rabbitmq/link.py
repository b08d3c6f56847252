"""One connection to the sink's broker: its channels, what was declared over it, and how it is made again."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from typing import Any

import aiormq
from aiormq.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import AMQPError, AuthenticationError, ProbableAuthenticationError
from yarl import URL

CONNECT_SECONDS = 5.0
"""Below what one `send` may take, so that a broker that says nothing is known as away."""

CLOSE_SECONDS = 2.0
HEARTBEAT_SECONDS = 10
FIRST_PAUSE = 0.5
LAST_PAUSE = 15.0


class BrokerAway(Exception):  # noqa: N818 - reads as the state it names
    """The broker cannot be reached now; the message says why, without its address."""


class Link:
    """One connection while it lasts.

    Attributes:
        declared: what was declared over it; another connection may find that it is gone.
    """

    def __init__(self, connection: AbstractConnection) -> None:
        self.declared: set[Any] = set()
        self._connection = connection
        self._idle: list[AbstractChannel] = []
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def lost(self) -> bool:
        """Whether the connection is of no more use."""
        return self._connection.is_closed

    @contextlib.asynccontextmanager
    async def channel(self) -> AsyncIterator[AbstractChannel]:
        """Lend a channel with confirms to one user, so that what closes it hurts nobody else."""
        channel = self._idle.pop() if self._idle else None
        if channel is None or channel.is_closed:
            channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        try:
            yield channel
        except BaseException:
            self._discard(channel)
            raise
        if not channel.is_closed:
            self._idle.append(channel)

    @contextlib.asynccontextmanager
    async def spare_channel(self) -> AsyncIterator[AbstractChannel]:
        """Lend a channel that nobody has used, for what the broker may answer by closing it."""
        channel = await self._connection.channel(publisher_confirms=False)
        try:
            yield channel
        finally:
            self._discard(channel)

    async def close(self) -> None:
        """Disconnect."""
        with contextlib.suppress(AMQPError, OSError, TimeoutError, RuntimeError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._connection.close()

    def _discard(self, channel: AbstractChannel) -> None:
        """Close a channel that may no longer answer, without waiting for it."""

        async def close() -> None:
            with contextlib.suppress(AMQPError, OSError, TimeoutError, RuntimeError, asyncio.CancelledError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await channel.close()

        if not channel.is_closed:
            task = asyncio.create_task(close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


class Broker:
    """Makes the connection when it is first needed, and again when it was lost, with a growing pause between tries."""

    def __init__(self, url: str, *, connect_seconds: float = CONNECT_SECONDS) -> None:
        """Nothing is connected yet.

        Args:
            url: AMQP URL.
            connect_seconds: one try to connect.
        """
        self._connect_seconds = connect_seconds
        self._url = URL(url).update_query(heartbeat=str(HEARTBEAT_SECONDS), name="pombo sink")
        self._link: Link | None = None
        self._turn = asyncio.Lock()
        self._failures = 0
        self._not_before = 0.0
        self._why = ""

    @property
    def host(self) -> str:
        """Host and port of the broker."""
        return f"{self._url.host}:{self._url.port}"

    async def link(self) -> Link:
        """Return the connection, made when there is none.

        Raises:
            BrokerAway: it cannot be made, or the last try failed a moment ago.
        """
        link = self._link
        if link is not None and not link.lost:
            return link
        async with self._turn:
            if self._link is not None and not self._link.lost:
                return self._link
            loop = asyncio.get_running_loop()
            if loop.time() < self._not_before:
                raise BrokerAway(self._why)
            try:
                async with asyncio.timeout(self._connect_seconds):
                    connection = await aiormq.connect(self._url)
            except (AMQPError, OSError, TimeoutError, RuntimeError, ValueError) as error:
                self._failures += 1
                pause = min(LAST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures - 1, 10))
                self._not_before = loop.time() + pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads tries
                self._why = _reason(error)
                raise BrokerAway(self._why) from error
            self._failures = 0
            self._link = Link(connection)
            return self._link

    async def close(self) -> None:
        """Disconnect; a later use connects again."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()


def _reason(error: BaseException) -> str:
    if isinstance(error, AuthenticationError | ProbableAuthenticationError):
        return "the broker refuses the user or the password"
    # The class alone: the library's messages can hold the address.
    return f"the broker cannot be reached ({type(error).__name__})"
