"""Confirmed publishing on a connection of its own, so that a blocked publisher does not stop acknowledgements."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aio_pika import Message
from aio_pika.abc import AbstractExchange, AbstractRobustChannel
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, PublishError

from pombo_common.adapters.rabbitmq.link import Link, broker_errors, was_cancelled
from pombo_common.adapters.rabbitmq.topology import Topology
from pombo_common.ports.bus import BusUnavailable

PUBLISH_SECONDS = 5.0
"""The longest that one publish may take, with all its tries."""

_RETRY_SECONDS = 0.05

log = logging.getLogger(__name__)


class Unroutable(Exception):  # noqa: N818 - reads as the state it names
    """The broker has no queue for the message."""


class Publisher:
    """One channel with confirms."""

    def __init__(self, link: Link, topology: Topology) -> None:
        self._link = link
        self._topology = topology
        self._channel: AbstractRobustChannel | None = None
        self._exchanges: dict[str, AbstractExchange] = {}
        self._under_way: dict[str, asyncio.Event] = {}

    async def open(self) -> None:
        """Open the channel and declare what is shared; both are repeated after a reconnect."""
        self._channel = await self._link.channel(confirms=True)
        self._exchanges = await self._topology.declare(self._channel)
        self._exchanges[""] = self._channel.default_exchange

    def close(self) -> None:
        """Publish no more; the connection is closed by its owner."""
        self._channel = None

    async def publish(
        self, exchange: str, key: str, message: Message, *, seconds: float = PUBLISH_SECONDS, mandatory: bool = True
    ) -> None:
        """Publish until the broker confirms it.

        While the connection is away this waits for it, and tries again with the same message id; a message whose
        confirmation was lost can therefore arrive twice.

        Args:
            exchange: name of a declared exchange, empty for the default one.
            key: routing key.
            message: with a message id.
            seconds: bound of all tries together.
            mandatory: whether it must reach a queue.

        Raises:
            Unroutable: mandatory, and no queue gets it.
            BusUnavailable: not confirmed in time; it may still arrive.
        """
        channel = self._channel
        if channel is None:
            raise BusUnavailable("the bus is not open")
        async with broker_errors(seconds), self._alone(message.message_id or ""):
            taken = False
            while not taken:
                taken = await self._attempt(channel, self._exchanges[exchange], key, message, mandatory=mandatory)

    async def _attempt(
        self, channel: AbstractRobustChannel, exchange: AbstractExchange, key: str, message: Message, *, mandatory: bool
    ) -> bool:
        """Publish once; False when the channel was lost or the broker refused."""
        try:
            await channel.ready()
            await exchange.publish(message, key, mandatory=mandatory)
        except PublishError as error:
            raise Unroutable(key) from error
        except asyncio.CancelledError:
            if was_cancelled():
                raise
        except CONNECTION_EXCEPTIONS as error:
            log.debug("a publish failed and is tried again: %s", type(error).__name__)
        else:
            return True
        await asyncio.sleep(_RETRY_SECONDS)
        return False

    @asynccontextmanager
    async def _alone(self, message_id: str) -> AsyncIterator[None]:
        """Hold back a second message with the same id: the library tells returned messages apart by their ids."""
        while (other := self._under_way.get(message_id)) is not None:
            await other.wait()
        self._under_way[message_id] = asyncio.Event()
        try:
            yield
        finally:
            self._under_way.pop(message_id).set()
