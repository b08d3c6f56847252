"""A plain AMQP client drives the Bus with standard properties alone."""

import asyncio
import time

import pytest
from aio_pika.abc import AbstractIncomingMessage

from pombo_common.adapters.rabbitmq import RabbitMqBus
from pombo_common.adapters.rabbitmq.messages import ATTEMPTS
from pombo_common.adapters.rabbitmq.topology import Topology
from pombo_common.adapters.redelivery import DELIVERY_LIMIT
from pombo_common.ports.bus import DEFAULT_LIFE_SECONDS, Again, Disposition, Done, Later, PassOn, Request
from tests.contract.bus.handlers import echo
from tests.contract.bus.harness import take_dead_letters
from tests.contract.bus_rabbitmq.plain_client import PlainClient
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


async def test_reply_to_and_correlation_id(bus: RabbitMqBus, client: PlainClient, prefix: str) -> None:
    await bus.serve("one", echo, prefetch=5)
    await client.send(prefix, b"{}", correlation_id="mine")
    reply = await client.reply()
    assert (reply.body, reply.correlation_id, reply.content_type) == (b"re:{}", "mine", "application/json")


async def test_a_command_without_reply_to_is_not_answerable(bus: RabbitMqBus, client: PlainClient, prefix: str) -> None:
    seen: asyncio.Queue[Request] = asyncio.Queue()

    async def handle(request: Request) -> Disposition:
        await seen.put(request)
        return Done(b"unwanted")

    await bus.serve("one", handle, prefetch=5)
    await client.send(prefix, b"quiet", reply_to="")
    async with asyncio.timeout(30):
        assert not (await seen.get()).answerable


async def test_a_reply_that_nobody_takes_harms_nothing(bus: RabbitMqBus, client: PlainClient, prefix: str) -> None:
    seen: list[bytes] = []

    async def handle(request: Request) -> Disposition:
        seen.append(request.body)
        return await echo(request)

    await bus.serve("one", handle, prefetch=1)
    await client.send(prefix, b"gone", reply_to="no-such-queue")
    await client.send(prefix, b"gone too", reply_to="amq.rabbitmq.reply-to.g1h2AA.gone")
    await client.send(prefix, b"next")
    assert (await client.reply()).body == b"re:next"
    assert seen == [b"gone", b"gone too", b"next"]


async def test_direct_reply_to_is_answered(bus: RabbitMqBus, client: PlainClient, prefix: str) -> None:
    await bus.serve("one", lambda request: handle_once_passed(request, "one"), prefetch=1)
    replies: asyncio.Queue[bytes] = asyncio.Queue()

    async def arrived(message: AbstractIncomingMessage) -> None:
        await replies.put(message.body)

    pseudo = await client.channel.get_queue("amq.rabbitmq.reply-to", ensure=False)
    await pseudo.consume(arrived, no_ack=True)
    await client.send(prefix, b"direct", reply_to=pseudo.name)
    async with asyncio.timeout(30):
        assert await replies.get() == b"re:direct"


async def handle_once_passed(request: Request, worker: str) -> Disposition:
    return await echo(request) if request.addressed else PassOn(worker)


async def test_expiration_is_seen_and_survives_being_passed_on(
    bus: RabbitMqBus, client: PlainClient, prefix: str
) -> None:
    seen: list[float | None] = []

    async def handle(request: Request) -> Disposition:
        seen.append(request.expires_in)
        return await handle_once_passed(request, "one")

    await bus.serve("one", handle, prefetch=1)
    await client.send(prefix, b"x", expiration=25)
    await client.reply()
    at_first, passed_on = seen
    assert at_first is not None
    assert 24 < at_first <= 25
    assert passed_on is not None
    assert 15 < passed_on < at_first


async def test_a_dead_workers_commands_return_to_the_shared_queue(
    bus: RabbitMqBus, client: PlainClient, prefix: str
) -> None:
    seen: list[Request] = []

    async def handle(request: Request) -> Disposition:
        seen.append(request)
        return PassOn("two") if len(seen) == 1 else Done(b"done")

    gone = await bus.serve("two", echo, prefetch=1)
    await gone.stop()
    await bus.serve("one", handle, prefetch=1)
    await client.send(prefix, b"x", correlation_id="kept", expiration=50)
    reply = await client.reply()
    assert (reply.body, reply.correlation_id) == (b"done", "kept")
    assert [request.addressed for request in seen] == [False, False]
    remaining = seen[1].expires_in
    assert remaining is not None
    assert 25 < remaining <= 41


@pytest.mark.parametrize("again", [Again(), Later(), PassOn("one")], ids=["again", "later", "passed on"])
@pytest.mark.parametrize(("expiration", "life"), [(25, 25.0), (None, DEFAULT_LIFE_SECONDS)])
async def test_the_time_of_a_command_runs_from_its_first_receipt(
    bus: RabbitMqBus, client: PlainClient, prefix: str, again: Disposition, expiration: float | None, life: float
) -> None:
    seen: list[tuple[float, float | None]] = []

    async def handle(request: Request) -> Disposition:
        seen.append((time.monotonic(), request.expires_in))
        return again if len(seen) == 1 else Done(b"done")

    await bus.serve("one", handle, prefetch=1)
    await client.send(prefix, b"x", correlation_id="kept", expiration=expiration)
    reply = await client.reply()
    assert (reply.body, reply.correlation_id) == (b"done", "kept")
    (received, _), (came_again, left) = seen
    assert left is not None
    assert left == pytest.approx(life - (came_again - received), abs=0.5)


async def test_waiting_for_its_turn_is_not_held_against_a_command(
    bus: RabbitMqBus, client: PlainClient, prefix: str
) -> None:
    seen: list[bytes] = []

    async def handle(request: Request) -> Disposition:
        seen.append(request.body)
        return Later() if len(seen) == 1 else PassOn("one") if not request.addressed else Done(b"done")

    await bus.serve("one", handle, prefetch=1)
    await client.send(prefix, b"x", headers={ATTEMPTS: DELIVERY_LIMIT - 1})
    assert (await client.reply()).body == b"done"


async def test_a_command_that_never_succeeds_is_given_up(
    bus: RabbitMqBus, client: PlainClient, prefix: str, amqp_url: str
) -> None:
    async def handle(_: Request) -> Disposition:
        return Again()

    await bus.serve("one", handle, prefetch=1)
    await client.send(prefix, b"tried often", headers={ATTEMPTS: 20})
    letters: list[tuple[bytes, str]] = await eventually(
        lambda: take_dead_letters(amqp_url, Topology(prefix)), what="a dead letter"
    )
    assert letters == [(b"tried often", "delivery limit")]


async def test_a_command_whose_consumers_die_is_given_up_by_the_broker(
    bus: RabbitMqBus, client: PlainClient, prefix: str, amqp_url: str
) -> None:
    await client.send(prefix, b"deadly")
    queue = await client.channel.get_queue(Topology(prefix).commands.name)
    deliveries = 0
    async with asyncio.timeout(60):
        while deliveries <= 20:
            message = await queue.get(fail=False)
            if message is not None:
                deliveries += 1
                await message.nack(requeue=True)
    letters: list[tuple[bytes, str]] = await eventually(
        lambda: take_dead_letters(amqp_url, Topology(prefix)), what="a dead letter"
    )
    assert letters == [(b"deadly", "delivery_limit")]
