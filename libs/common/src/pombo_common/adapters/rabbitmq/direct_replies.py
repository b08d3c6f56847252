"""Replies to RabbitMQ's own reply addresses (`amq.rabbitmq.reply-to.…`), on a connection that may die of them.

RabbitMQ closes the whole connection that publishes to such an address when it was made up (541 INTERNAL_ERROR), and
whoever sends a command names the address. So these replies go over a connection of their own, made when the first is
due, and each is tried twice only: an address that survives neither is nobody's. What is lost with the connection
would be lost anyway, since such an address ends with the caller's channel.
"""

import asyncio
import logging

from aio_pika import Message
from aio_pika.abc import AbstractRobustChannel
from aio_pika.exceptions import PublishError

from pombo_common.adapters.rabbitmq.link import Link, broker_errors
from pombo_common.ports.bus import BusUnavailable

DIRECT_PREFIX = "amq.rabbitmq.reply-to."
"""How RabbitMQ's own reply addresses begin."""

_TRIES = 2
_TRY_SECONDS = 5.0

log = logging.getLogger(__name__)


class DirectReplies:
    """Sends replies that may be lost, and harm nothing else."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._opening = asyncio.Lock()
        self._channel: AbstractRobustChannel | None = None

    async def send(self, address: str, reply: Message) -> None:
        """Send a reply, or drop it when nobody can be reached there."""
        for _ in range(_TRIES):
            try:
                async with broker_errors(_TRY_SECONDS):
                    await self._send(address, reply)
            except BusUnavailable as error:
                log.debug("a direct reply was not taken: %s", error)
            else:
                return

    async def _send(self, address: str, reply: Message) -> None:
        channel = await self._opened()
        await channel.ready()
        try:
            await channel.default_exchange.publish(reply, address)
        except PublishError:
            log.debug("nobody waits for a direct reply any more; it is dropped")

    async def _opened(self) -> AbstractRobustChannel:
        async with self._opening:
            if self._channel is None:
                await self._link.open()
                self._channel = await self._link.channel(confirms=True)
            return self._channel

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()
