"""A Bus under test: how each adapter is opened, looked into and cleaned away."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aio_pika

from pombo_common.adapters.inprocess import InProcessBus
from pombo_common.adapters.rabbitmq import RabbitMqBus
from pombo_common.adapters.rabbitmq.messages import REASON
from pombo_common.adapters.rabbitmq.topology import Topology
from pombo_common.ports.bus import Bus

BROKER_SECONDS = 3.0
"""A broker may take a moment to confirm what it is sent; a call that it did not is no call without a reply."""

DeadLetters = Callable[[], Awaitable[list[tuple[bytes, str]]]]


@dataclass(frozen=True)
class BusUnderTest:
    """An open Bus.

    Attributes:
        bus: the Bus.
        in_vain: for how many seconds a call waits that nobody answers: long enough for it to be sent.
        dead_letters: takes the dead letters out, as body and reason.
        close: closes it and removes what it left on a server.
    """

    bus: Bus
    in_vain: float
    dead_letters: DeadLetters
    close: Callable[[], Awaitable[None]]


async def open_inprocess(grace: float) -> BusUnderTest:
    """Open the Bus inside one process."""
    bus = InProcessBus(grace=grace)
    await bus.open()

    async def dead_letters() -> list[tuple[bytes, str]]:
        return [(letter.body, letter.reason) for letter in bus.dead_letters]

    return BusUnderTest(bus, 0.5, dead_letters, bus.close)


async def open_rabbitmq(url: str, grace: float) -> BusUnderTest:
    """Open a Bus with names of its own on a broker."""
    prefix = f"test-{uuid.uuid4()}"
    bus = RabbitMqBus(url, prefix=prefix, grace=grace)
    await bus.open()

    async def close() -> None:
        await bus.close()
        await remove(url, Topology(prefix))

    async def dead_letters() -> list[tuple[bytes, str]]:
        return await take_dead_letters(url, Topology(prefix))

    return BusUnderTest(bus, BROKER_SECONDS, dead_letters, close)


async def take_dead_letters(url: str, topology: Topology) -> list[tuple[bytes, str]]:
    """Take the dead letters that are there, with our reason or else the broker's."""
    letters: list[tuple[bytes, str]] = []
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(topology.dead_letters.name)
        while (message := await queue.get(no_ack=True, fail=False)) is not None:
            reason = message.headers.get(REASON) or message.headers.get("x-first-death-reason")
            letters.append((message.body, str(reason)))
    return letters


async def remove(url: str, topology: Topology) -> None:
    """Remove what all tests declare; queues of workers and callers expire by themselves."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        for queue in (topology.commands, topology.waiting, topology.dead_letters, topology.wakeups):
            await channel.queue_delete(queue.name)
        for worker in ("one", "two"):
            await channel.queue_delete(topology.worker(worker).name)
        for exchange in (topology.bus, topology.dead):
            await channel.exchange_delete(exchange.name)
