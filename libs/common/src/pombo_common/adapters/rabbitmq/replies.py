"""Replies to our own calls: one queue for each Bus, found again by its name after a reconnect."""

import asyncio
import uuid

from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel

from pombo_common.adapters.rabbitmq.link import Link
from pombo_common.adapters.rabbitmq.topology import Topology
from pombo_common.ports.bus import BusUnavailable


class Replies:
    """Hands each reply to the call with its correlation id."""

    def __init__(self, link: Link, topology: Topology) -> None:
        self._link = link
        self._queue = topology.replies(str(uuid.uuid4()))
        self._channel: AbstractRobustChannel | None = None
        self._waiting: dict[str, asyncio.Future[bytes]] = {}

    @property
    def address(self) -> str:
        """What a command's `reply_to` says."""
        return self._queue.name

    async def open(self) -> None:
        """Declare the queue and take from it; both are repeated after a reconnect."""
        self._channel = await self._link.channel()
        queue = await self._queue.declare(self._channel)
        await queue.consume(self._arrived, no_ack=True)

    def expect(self, correlation_id: str) -> asyncio.Future[bytes]:
        """Return what will hold the reply; `forget` it in the end."""
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[correlation_id] = reply
        return reply

    def forget(self, correlation_id: str) -> None:
        """Wait no more."""
        reply = self._waiting.pop(correlation_id, None)
        if reply is not None:
            reply.cancel()

    async def _arrived(self, message: AbstractIncomingMessage) -> None:
        reply = self._waiting.get(message.correlation_id or "")
        if reply is not None and not reply.done():
            reply.set_result(message.body)

    def close(self) -> None:
        """Tell those who still wait that no reply will come."""
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(BusUnavailable("the bus was closed"))
