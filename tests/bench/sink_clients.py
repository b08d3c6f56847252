"""What deliveries are measured against: the sinks' own clients, bare, as many at once as there are instances."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import aiohttp
from aio_pika.abc import AbstractChannel, AbstractExchange

from tests.bench.bare_receiver import Taken
from tests.bench.samples import Contender, Sample
from tests.bench.writing_worker import KIND

PIPELINED = 32
"""Messages that each of 50 publishers has unconfirmed: as many together as Pombo's sink has, 16 times 100, at most."""


def bare_posts(session: aiohttp.ClientSession, url: str, like: Taken, at_once: int) -> Contender:
    """Return what posts the same body with the same headers, each poster one after the other."""
    body = like.body.encode()

    async def run(seconds: float) -> Sample:
        began = time.perf_counter()
        count = 0

        async def poster() -> None:
            nonlocal count
            while time.perf_counter() < began + seconds:
                async with session.post(url, data=body, headers=like.headers) as answer:
                    answer.raise_for_status()
                    await answer.read()
                count += 1

        await asyncio.gather(*(poster() for _ in range(at_once)))
        return Sample(rate=count / (time.perf_counter() - began))

    return run


@asynccontextmanager
async def bare_publishers(url: str, like: Taken, at_once: int) -> AsyncIterator[Contender]:
    """Yield what publishes the same body, persistent and confirmed; each publisher to an exchange and queue of its own.

    The queues are of the kind that Pombo declares.
    """
    async with await aio_pika.connect(url) as connection:
        exchanges = [await _declared(await connection.channel()) for _ in range(at_once)]
        message = aio_pika.Message(
            like.body.encode(), content_type="application/json", delivery_mode=aio_pika.DeliveryMode.PERSISTENT
        )

        async def run(seconds: float) -> Sample:
            began = time.perf_counter()
            count = 0

            async def publisher(exchange: AbstractExchange) -> None:
                nonlocal count
                while time.perf_counter() < began + seconds:
                    await asyncio.gather(*(exchange.publish(message, KIND) for _ in range(PIPELINED)))
                    count += PIPELINED

            await asyncio.gather(*(publisher(exchange) for exchange in exchanges))
            return Sample(rate=count / (time.perf_counter() - began))

        yield run


async def _declared(channel: AbstractChannel) -> AbstractExchange:
    name = f"bare-{uuid.uuid4().hex[:8]}"
    exchange = await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True)
    queue = await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})
    await queue.bind(exchange, KIND)
    return exchange
