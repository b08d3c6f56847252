"""A webhook that fails holds its own events back, in order, and nobody else's."""

import pytest

from tests.support.delivered_log import delivered_whole
from tests.support.deployment import Deployment
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

LEFT_FOR_DELIVERY = {
    "up": {"logs", "events", "destinations", "commands"},
    "apart": {"log", "cursors", "sinks", "lanes", "command"},
}


async def test_a_receiver_that_fails_three_times_gets_everything_in_order(
    client: PomboClient, receiver: WebhookReceiver
) -> None:
    name = fresh_name("failing")
    receiver.refusing = 3
    await client.create(name, webhook=receiver.url)
    await client.scan(name, fresh_number())
    await client.delete(name)
    await delivered_whole(client.deployment, receiver, name)
    assert [(refused.seq, refused.attempt) for refused in receiver.refused] == [(1, 1), (1, 2), (1, 3)]
    assert [(taken.seq, taken.attempt) for taken in receiver.of(name)][:2] == [(1, 4), (2, 1)]


async def test_delete_leaves_undelivered_events_and_command_records_and_then_the_records_alone(
    deployment: Deployment, client: PomboClient, receiver: WebhookReceiver
) -> None:
    name, number = fresh_name("deleted"), fresh_number()
    receiver.flowing.clear()
    created = await client.create(name, webhook=receiver.url)
    instance_id = created["instance"]["instanceId"]
    await client.scan(name, number)
    await client.delete(name)
    assert deployment.kept(name, instance_id) == LEFT_FOR_DELIVERY[deployment.mode]
    assert await client.state(name) is None
    receiver.flowing.set()
    await delivered_whole(deployment, receiver, name)


async def test_a_deleted_name_can_be_taken_again_at_once(client: PomboClient, receiver: WebhookReceiver) -> None:
    name, number = fresh_name("again"), fresh_number()
    first = await client.create(name, webhook=receiver.url)
    await client.scan(name, number)
    await client.delete(name)
    second = await client.create(name)
    assert second["instance"]["instanceId"] != first["instance"]["instanceId"]
    assert second["hash"]["apikey"] != first["hash"]["apikey"]
    assert second["qrcode"]["code"] not in (None, first["qrcode"]["code"])
    await client.scan(name, number)
    assert await client.state(name) == "open"
    await client.delete(name)
    await delivered_whole(client.deployment, receiver, name)


async def test_a_hanging_webhook_delays_nobody_else(client: PomboClient, receiver: WebhookReceiver) -> None:
    stuck, free = fresh_name("stuck"), fresh_name("free")
    receiver.flowing.clear()
    await client.create(stuck, webhook=receiver.url, qrcode=False)
    await eventually(lambda: receiver.hanging, what="a delivery hangs")
    async with WebhookReceiver() as other:
        await client.create(free, webhook=other.url)
        await client.scan(free, fresh_number())
        await eventually(lambda: len(other.of(free)) == 5, what="the other's events at its webhook")
    assert receiver.of(stuck) == []
