"""RabbitMQ and SQS from the request to a consumer that knows nothing of Pombo, in both modes."""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.support import amqp_consumer
from tests.support.deployment import Deployment
from tests.support.pombo_client import PomboClient, fresh_name
from tests.support.sqs_server import SqsServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

LAST = ("instance.delete", "remove.instance")


async def at_rabbitmq(url: str, name: str, kind: str) -> tuple[str, int]:
    """Return id and seq of the one event of a kind."""
    ((body, properties),) = await asyncio.to_thread(amqp_consumer.take, url, f"{name}.{kind}", 1)
    assert (body["event"], body["instance"]) == (kind, name)
    return properties.message_id, properties.headers["pombo-seq"]


async def at_sqs(server: SqsServer, name: str, kind: str) -> tuple[str, int]:
    """Return id and seq of the one event of a kind."""
    queue = f"{name}_{kind.replace('.', '_')}.fifo"
    (message,) = await asyncio.to_thread(server.take, queue, 1)
    body = msgspec.json.decode(message["Body"])
    assert (body["event"], body["instance"]) == (kind, name)
    told = message["MessageAttributes"]
    return told["pombo-id"]["StringValue"], int(told["pombo-seq"]["StringValue"])


async def test_both_queue_sinks_get_the_same_events_and_are_tidied_up(
    client: PomboClient, amqp_url: str, sqs_server: SqsServer
) -> None:
    name = fresh_name("queues")
    # The consumer is there first, and declares what the contract says.
    await asyncio.to_thread(amqp_consumer.declare, amqp_url, name, f"{name}.instance.create", "instance.create")
    await client.create(name, qrcode=False, rabbitmq={"enabled": True}, sqs={"events": []})

    found: dict[str, Any] = {}

    async def ready() -> bool:
        found.update((await client.call("GET", f"/sqs/find/{name}")).json())
        return bool(found["state"] == "ready")

    await eventually(ready, seconds=30, what="all SQS queues")
    assert len(found["events"]) == 31
    listed = (await client.call("GET", f"/v2/instance/fetchInstances?instanceName={name}")).json()[0]
    assert (listed["Rabbitmq"]["enabled"], listed["Sqs"]["state"]) == (True, "ready")
    first = await at_rabbitmq(amqp_url, name, "instance.create")
    assert first == await at_sqs(sqs_server, name, "instance.create")
    assert first[1] == 1
    await client.delete(name)
    for kind in LAST:
        assert await at_rabbitmq(amqp_url, name, kind) == await at_sqs(sqs_server, name, kind)

    def gone() -> bool:
        left = [amqp_consumer.exists(amqp_url, f"{name}.{kind}") for kind in ("instance.create", *LAST)]
        return not any(left) and not amqp_consumer.exchange_exists(amqp_url, name) and not sqs_server.queues(name)

    await eventually(lambda: asyncio.to_thread(gone), seconds=60, what="the end of queues and exchange")


async def test_the_global_queues_get_the_events_of_an_instance_without_sinks(
    client: PomboClient, deployment: Deployment, amqp_url: str, sqs_server: SqsServer
) -> None:
    name, kind = fresh_name("global"), "instance.delete"
    await client.create(name, qrcode=False)
    await client.delete(name)

    def published() -> str | None:
        ((body, properties),) = amqp_consumer.take(amqp_url, f"{deployment.mode}.{kind}", 1)
        return properties.message_id if body["instance"] == name else None

    def sent() -> str | None:
        for message in sqs_server.take(f"{deployment.mode}_instance_delete.fifo", 1):
            if msgspec.json.decode(message["Body"])["instance"] == name:
                return str(message["MessageAttributes"]["pombo-id"]["StringValue"])
        return None

    # Other instances' events lie in the same queues.
    first = await eventually(lambda: asyncio.to_thread(published), seconds=60, what="the event at RabbitMQ")
    assert first == await eventually(lambda: asyncio.to_thread(sent), seconds=60, what="the event at SQS")
