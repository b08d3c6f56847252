"""A client that knows AMQP and nothing of ours: what the documentation promises to any AMQP client."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage


class PlainClient:
    """Publishes commands with the standard properties and takes replies from a queue of its own.

    Attributes:
        channel: with confirms, for what a test does besides.
    """

    def __init__(self, channel: AbstractChannel, reply_queue: str) -> None:
        self.channel = channel
        self._reply_queue = reply_queue
        self._replies: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()

    async def listen(self) -> None:
        """Take replies."""
        queue = await self.channel.declare_queue(self._reply_queue, exclusive=True)
        await queue.consume(self._replies.put, no_ack=True)

    async def send(
        self,
        prefix: str,
        body: bytes,
        *,
        correlation_id: str | None = None,
        expiration: float | None = None,
        reply_to: str | None = None,
        headers: Mapping[str, int | str] | None = None,
    ) -> None:
        """Publish a command; `expiration` in seconds, `reply_to` its own queue unless another is named."""
        message = aio_pika.Message(
            body,
            content_type="application/json",
            reply_to=self._reply_queue if reply_to is None else reply_to,
            correlation_id=correlation_id,
            expiration=expiration,
            headers=dict(headers or {}),
        )
        exchange = await self.channel.get_exchange(f"{prefix}.bus")
        await exchange.publish(message, "command")

    async def reply(self) -> AbstractIncomingMessage:
        """Wait for the next reply."""
        async with asyncio.timeout(30):
            return await self._replies.get()


@asynccontextmanager
async def plain_client(url: str) -> AsyncIterator[PlainClient]:
    """Connect one."""
    async with await aio_pika.connect(url) as connection:
        client = PlainClient(await connection.channel(), f"plain-{uuid.uuid4()}")
        await client.listen()
        yield client
