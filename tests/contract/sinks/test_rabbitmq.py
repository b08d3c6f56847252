"""The RabbitMQ sink against a real broker and consumers written from the contract, who declare what they like."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from yarl import URL

from pombo_worker.delivery.destination_settings import RabbitmqDestination
from pombo_worker.delivery.rabbitmq.link import Broker
from pombo_worker.delivery.rabbitmq.sink import RabbitmqSink
from pombo_worker.delivery.sink import Delivery, Outcome
from tests.contract.sinks.deliveries import SENDER, delivery, fresh_name
from tests.support import amqp_consumer
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

ID = str(uuid.uuid4())
GOOD = Outcome(ok=True)


@pytest_asyncio.fixture
async def sink(amqp_url: str) -> AsyncIterator[RabbitmqSink]:
    """Yield a sink on the session's broker."""
    sink = RabbitmqSink(Broker(amqp_url), server_url="https://pombo.example")
    yield sink
    await sink.close()


def own(name: str, apikey: str | None = None) -> RabbitmqDestination:
    """Return an instance's own exchange."""
    return RabbitmqDestination(instance=name, apikey=apikey, events=[])


async def take(url: str, queue: str, count: int) -> list[amqp_consumer.Message]:
    """Consume with the plain client."""
    return await asyncio.to_thread(amqp_consumer.take, url, queue, count)


async def declare(url: str, exchange: str, queue: str, key: str) -> None:
    """Declare with the plain client; fails when it is there in another form."""
    await asyncio.to_thread(amqp_consumer.declare, url, exchange, queue, key)


@pytest.mark.parametrize("first", ["consumer", "pombo"])
async def test_a_consumer_that_declares_the_queue_itself_gets_everything(
    sink: RabbitmqSink, amqp_url: str, first: str
) -> None:
    name, key = fresh_name(), "group-participants.update"
    queue = f"{name}.{key}"
    if first == "consumer":
        await declare(amqp_url, name, queue, key)
    sent = [delivery(seq, key) for seq in range(1, 251)]
    for start in range(0, 250, 100):
        batch = sent[start : start + 100]
        assert await sink.send(own(name), ID, batch) == [GOOD] * len(batch)
    await declare(amqp_url, name, queue, key)
    taken = await take(amqp_url, queue, 250)
    assert [message.body["data"]["n"] for message in taken] == list(range(1, 251))
    assert [message.properties.message_id for message in taken] == [one.event.id for one in sent]


async def test_a_message_is_the_contracts_body_beside_properties(sink: RabbitmqSink, amqp_url: str) -> None:
    name = fresh_name()
    one = delivery(7, resend=2)
    await sink.send(own(name, "tok"), ID, [one])
    ((body, properties),) = await take(amqp_url, f"{name}.messages.upsert", 1)
    assert body == {
        "event": "messages.upsert",
        "instance": name,
        "data": {"n": 7},
        "date_time": "2026-11-22T21:30:59.067Z",
        "sender": SENDER,
        "server_url": "https://pombo.example",
        "apikey": "tok",
    }
    assert (properties.content_type, properties.delivery_mode) == ("application/json", 2)
    assert (properties.message_id, properties.timestamp) == (one.event.id, 1_795_383_059)
    assert properties.headers == {
        "pombo-seq": 7,
        "pombo-prev": 6,
        "pombo-epoch": 3,
        "pombo-attempt": 1,
        "pombo-resend": 2,
        "cloudEvents:specversion": "1.0",
        "cloudEvents:id": one.event.id,
        "cloudEvents:source": f"/instances/{name}",
        "cloudEvents:subject": ID,
        "cloudEvents:type": "messages.upsert",
        "cloudEvents:time": "2026-11-22T21:30:59.067Z",
    }


@pytest.mark.parametrize(("prefix", "queue"), [("p-{}", "p-{}.call.{}"), ("", "call.{}")])
async def test_the_global_exchange_has_queues_with_and_without_a_prefix(
    sink: RabbitmqSink, amqp_url: str, prefix: str, queue: str
) -> None:
    # The event's name is made up, so that the queue without a prefix is this test's alone.
    made = uuid.uuid4().hex[:8]
    exchange, prefix, queue = f"x-{made}", prefix.format(made), queue.format(*([made] * queue.count("{}")))
    key = f"call.{made}"
    destination = RabbitmqDestination(instance="any", apikey=None, events=[], exchange=exchange, prefix=prefix)
    assert await sink.send(destination, ID, [delivery(1, key)]) == [GOOD]
    await declare(amqp_url, exchange, queue, key)
    assert [message.body["instance"] for message in await take(amqp_url, queue, 1)] == ["any"]


@pytest.mark.parametrize("gone", ["queue", "exchange"])
async def test_what_was_deleted_under_us_is_declared_again(sink: RabbitmqSink, amqp_url: str, gone: str) -> None:
    name = fresh_name()
    queue = f"{name}.messages.upsert"
    await sink.send(own(name), ID, [delivery(1), delivery(2, "call")])
    await asyncio.to_thread(amqp_consumer.delete_queue, amqp_url, queue)
    if gone == "exchange":
        await asyncio.to_thread(amqp_consumer.delete_exchange, amqp_url, name)
    batch = [delivery(3), delivery(4, "call"), delivery(5)]
    assert await sink.send(own(name), ID, batch) == [GOOD] * 3
    assert [message.body["data"]["n"] for message in await take(amqp_url, queue, 2)] == [3, 5]
    calls = {message.body["data"]["n"] for message in await take(amqp_url, f"{name}.call", 2)}
    assert calls == {2, 4}


async def test_a_queue_that_its_owner_made_in_another_form_is_used_as_it_is(sink: RabbitmqSink, amqp_url: str) -> None:
    name = fresh_name()
    queue = f"{name}.messages.upsert"

    def classic() -> None:
        with amqp_consumer.channel(amqp_url) as link:
            link.queue_declare(queue, durable=True)

    await asyncio.to_thread(classic)
    assert await sink.send(own(name), ID, [delivery(1)]) == [GOOD]
    assert len(await take(amqp_url, queue, 1)) == 1


async def test_a_full_queue_hurts_only_its_own_deliveries(sink: RabbitmqSink, amqp_url: str) -> None:
    full, free = fresh_name(), fresh_name()

    def small() -> None:
        with amqp_consumer.channel(amqp_url) as link:
            link.queue_declare(
                f"{full}.call", durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
            )

    await asyncio.to_thread(small)

    async def send(name: str) -> Sequence[Outcome]:
        return await sink.send(own(name), ID, [delivery(seq, "call") for seq in range(1, 51)])

    refused, taken = await asyncio.gather(send(full), send(free))
    assert taken == [GOOD] * 50
    assert refused[0] == GOOD
    assert refused[-1].why == "the broker did not take the message (its queue may be full)"
    assert len(await take(amqp_url, f"{free}.call", 50)) == 50


@pytest_asyncio.fixture
async def proxy(amqp_url: str) -> AsyncIterator[TcpProxy]:
    """Yield a way to the session's broker that a test may cut."""
    address = URL(amqp_url)
    async with TcpProxy(address.host or "", address.port or 5672) as proxy:
        yield proxy


@pytest_asyncio.fixture
async def distant(amqp_url: str, proxy: TcpProxy) -> AsyncIterator[RabbitmqSink]:
    """Yield a sink whose way to the broker is the proxy, with a short deadline."""
    url = str(URL(amqp_url).with_host("127.0.0.1").with_port(proxy.port))
    sink = RabbitmqSink(Broker(url), server_url="", seconds=1)
    yield sink
    await sink.close()


async def through(sink: RabbitmqSink, name: str, one: Delivery) -> None:
    """Send until the broker has it."""

    async def sent() -> bool:
        return (await sink.send(own(name), ID, [one]))[0].ok

    await eventually(sent, seconds=60, what="a confirmation")


async def test_what_the_broker_missed_comes_when_it_is_back(
    distant: RabbitmqSink, proxy: TcpProxy, amqp_url: str
) -> None:
    name = fresh_name()
    early, late = delivery(1), delivery(2)
    await through(distant, name, early)
    proxy.refuse(refusing=True)
    proxy.cut()
    (missed,) = await distant.send(own(name), ID, [late])
    assert (missed.ok, missed.away) == (False, True)
    assert "broker" in missed.why
    assert str(proxy.port) not in missed.why
    proxy.refuse(refusing=False)
    await through(distant, name, late)
    wanted, taken = [early.event.id, late.event.id], list[str | None]()
    # A confirmation that came too late for the deadline had the same event sent once more.
    while len(distinct := list(dict.fromkeys(taken))) < len(wanted):
        taken += [message.properties.message_id for message in await take(amqp_url, f"{name}.messages.upsert", 1)]
    assert distinct == wanted


async def test_a_broker_that_falls_silent_costs_one_deadline(distant: RabbitmqSink, proxy: TcpProxy) -> None:
    name = fresh_name()
    await through(distant, name, delivery(1))
    proxy.pause()
    outcomes = await distant.send(own(name), ID, [delivery(2), delivery(3)])
    assert {(outcome.why, outcome.away) for outcome in outcomes} == {("the broker did not confirm in time", True)}
    proxy.resume()
    await through(distant, name, delivery(4))


async def test_a_broker_that_takes_connections_and_says_nothing_is_away(sink_of_silence: RabbitmqSink) -> None:
    for _ in range(2):
        (outcome,) = await sink_of_silence.send(own(fresh_name()), ID, [delivery(1)])
        assert (outcome.why, outcome.away) == ("the broker cannot be reached (TimeoutError)", True)


@pytest_asyncio.fixture
async def sink_of_silence() -> AsyncIterator[RabbitmqSink]:
    """Yield a sink whose broker is a listener that nobody serves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"amqp://guest:guest@127.0.0.1:{listener.getsockname()[1]}/"
        sink = RabbitmqSink(Broker(url, connect_seconds=0.2), server_url="")
        yield sink
        await sink.close()
