"""Loads a queue over plain aio-pika: so many callers, each of whom waits for its reply before it asks again."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage

from tests.bench.samples import Contender, Sample, sample_of

REPLY_SECONDS = 20.0
OK = b'"ok":true'

MakeBody = Callable[[str, int], bytes]
"""From a fresh command id and the caller's number to a message's body."""


class AmqpLoad:
    """Calls with replies to one queue of our own, matched by their correlation ids."""

    def __init__(self, channel: AbstractChannel, replies: str, callers: int) -> None:
        """Call over one channel.

        Args:
            channel: with confirms.
            replies: name of the queue that `arrived` is fed from.
            callers: how many wait at a time.
        """
        self._channel = channel
        self._replies = replies
        self._callers = callers
        self._waiting: dict[str, asyncio.Future[bytes]] = {}

    async def arrived(self, message: AbstractIncomingMessage) -> None:
        """Take a reply."""
        waiting = self._waiting.pop(message.correlation_id or "", None)
        if waiting is not None:
            waiting.set_result(message.body)

    async def to_queue(self, queue: str, make_body: MakeBody) -> Contender:
        """Return what calls a queue through the default exchange; whatever comes back is a reply."""
        return self._contender(self._channel.default_exchange, queue, make_body, expected=b"")

    async def to_exchange(self, exchange: str, key: str, make_body: MakeBody) -> Contender:
        """Return what sends Pombo commands to an exchange; every one must succeed."""
        return self._contender(await self._channel.get_exchange(exchange), key, make_body, expected=OK)

    def _contender(self, exchange: AbstractExchange, key: str, make_body: MakeBody, *, expected: bytes) -> Contender:
        async def run(seconds: float) -> Sample:
            latencies: list[float] = []
            began = time.perf_counter()

            async def caller(number: int) -> None:
                while (now := time.perf_counter()) < began + seconds:
                    reply = await self._call(exchange, key, make_body, number)
                    if expected not in reply:
                        raise RuntimeError(f"a command was refused: {reply[:300]!r}")
                    latencies.append(time.perf_counter() - now)

            async with asyncio.TaskGroup() as group:
                for number in range(self._callers):
                    group.create_task(caller(number))
            return sample_of(latencies, time.perf_counter() - began)

        return run

    async def _call(self, exchange: AbstractExchange, key: str, make_body: MakeBody, number: int) -> bytes:
        call_id = str(uuid.uuid4())
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = reply
        message = aio_pika.Message(
            make_body(call_id, number),
            content_type="application/json",
            correlation_id=call_id,
            reply_to=self._replies,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        await exchange.publish(message, key)
        async with asyncio.timeout(REPLY_SECONDS):
            return await reply


@asynccontextmanager
async def amqp_load(url: str, callers: int) -> AsyncIterator[AmqpLoad]:
    """Connect, with a reply queue that goes with the connection."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        replies = await channel.declare_queue(exclusive=True)
        load = AmqpLoad(channel, replies.name, callers)
        await replies.consume(load.arrived, no_ack=True)
        yield load
