"""What a deleted instance leaves on RabbitMQ and SQS is removed once nobody uses it, and never under a namesake."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.ports.changes import Change
from pombo_common.ports.records import Footprint
from pombo_worker.delivery.cleanup import Cleaner, Cleanup
from pombo_worker.delivery.destination_settings import RabbitmqDestination, SqsDestination
from pombo_worker.delivery.rabbitmq.cleaner import RabbitmqCleaner
from pombo_worker.delivery.rabbitmq.link import Broker
from pombo_worker.delivery.rabbitmq.sink import RabbitmqSink
from pombo_worker.delivery.sqs.cleaner import SqsCleaner
from pombo_worker.delivery.sqs.client import SqsAccess, SqsClient
from pombo_worker.delivery.sqs.message import SqsNaming
from pombo_worker.delivery.sqs.queues import SqsQueues
from pombo_worker.delivery.sqs.sink import SqsSink
from tests.contract.sinks.deliveries import delivery, fresh_name
from tests.contract.store.examples import create, destination, event
from tests.support import amqp_consumer
from tests.support.sqs_server import SETTINGS, SqsServer

pytestmark = pytest.mark.asyncio

DAY = 86_400.0
GONE = "i-gone"


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Yield a Store."""
    store = SqliteStore(tmp_path / "pombo.db")
    await store.open()
    yield store
    await store.close()


@pytest_asyncio.fixture
async def broker(amqp_url: str) -> AsyncIterator[Broker]:
    """Yield the way to the session's broker."""
    broker = Broker(amqp_url)
    yield broker
    await broker.close()


async def left(store: SqliteStore, name: str, sink: str, instance_id: str = GONE) -> None:
    """Remember that a deleted instance has left something."""
    await store.keep_footprint(Footprint(name=name, instance_id=instance_id, sink=sink, at=await store.now()))


async def swept(store: SqliteStore, sink: str, cleaner: Cleaner) -> bool:
    """Look twice, as SQS needs it; tell whether nothing is to be cleared away any more."""
    cleanup = Cleanup(store, {sink: cleaner}, 60)
    await cleanup.sweep()
    await cleanup.sweep()
    return await store.footprints() == []


def there(url: str, name: str) -> list[bool]:
    """Tell whether the queue and the exchange of an instance are there."""
    return [amqp_consumer.exists(url, f"{name}.call"), amqp_consumer.exchange_exists(url, name)]


async def published(broker: Broker, name: str) -> None:
    """Publish one event of an instance."""
    sink = RabbitmqSink(broker, server_url="")
    destination = RabbitmqDestination(instance=name, apikey=None, events=[])
    assert (await sink.send(destination, GONE, [delivery(1, "call")]))[0].ok


async def test_queues_and_exchange_go_once_they_are_empty(store: SqliteStore, broker: Broker, amqp_url: str) -> None:
    name = fresh_name()
    await published(broker, name)
    await left(store, name, "rabbitmq")
    cleaner = RabbitmqCleaner(broker, DAY)
    assert not await swept(store, "rabbitmq", cleaner)
    assert await asyncio.to_thread(there, amqp_url, name) == [True, True]
    await asyncio.to_thread(amqp_consumer.take, amqp_url, f"{name}.call", 1)
    assert await swept(store, "rabbitmq", cleaner)
    assert await asyncio.to_thread(there, amqp_url, name) == [False, False]
    # The connection has outlived it all, and what is published now is declared anew.
    await published(broker, name)
    assert await asyncio.to_thread(there, amqp_url, name) == [True, True]


async def test_a_queue_with_a_consumer_stays_until_its_time_is_over(
    store: SqliteStore, broker: Broker, amqp_url: str
) -> None:
    name = fresh_name()
    await published(broker, name)
    await left(store, name, "rabbitmq")
    with amqp_consumer.channel(amqp_url) as link:
        link.basic_consume(f"{name}.call", lambda *_: None, auto_ack=True)
        assert not await swept(store, "rabbitmq", RabbitmqCleaner(broker, DAY))
        assert await swept(store, "rabbitmq", RabbitmqCleaner(broker, -1))
    assert await asyncio.to_thread(there, amqp_url, name) == [False, False]


async def test_nothing_is_removed_under_an_instance_of_that_name_or_before_its_last_event(
    store: SqliteStore, broker: Broker, amqp_url: str
) -> None:
    name = fresh_name()
    await published(broker, name)
    cleaner = RabbitmqCleaner(broker, -1)
    instance_id = await create(store, name, destinations=(destination("rabbitmq"),), events=(event(),))
    await left(store, name, "rabbitmq")
    assert not await swept(store, "rabbitmq", cleaner)
    await store.drop_footprint((await store.footprints())[0])
    await store.apply(name, Change(instance_id=instance_id, delete=True))
    await left(store, name, "rabbitmq", instance_id)
    # The instance is gone, but an event of its is still to be delivered.
    assert not await swept(store, "rabbitmq", cleaner)
    assert await asyncio.to_thread(there, amqp_url, name) == [True, True]


async def test_sqs_queues_go_once_they_are_empty(store: SqliteStore, sqs_server: SqsServer) -> None:
    client = SqsClient(
        SqsAccess(
            key_id=SETTINGS["aws_access_key_id"],
            secret=SETTINGS["aws_secret_access_key"],
            region=SETTINGS["region_name"],
            endpoint=sqs_server.url,
        )
    )
    queues, name = SqsQueues(client), fresh_name()
    sink = SqsSink(client, queues, SqsNaming(server_name="x"))
    await sink.send(SqsDestination(instance=name, apikey=None, events=[]), GONE, [delivery(1, "call"), delivery(2)])
    await asyncio.to_thread(sqs_server.take, f"{name}_messages_upsert.fifo", 1)
    await left(store, name, "sqs")
    assert not await swept(store, "sqs", SqsCleaner(client, queues, DAY))
    assert await asyncio.to_thread(sqs_server.queues, name) == {f"{name}_call.fifo"}
    assert await swept(store, "sqs", SqsCleaner(client, queues, -1))
    assert await asyncio.to_thread(sqs_server.queues, name) == set()
    await sink.close()
