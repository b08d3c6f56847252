"""Every event at every sink, whatever is killed or cut meanwhile; and receivers that are ill harm nobody else."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from tests.support.deployment import Deployment, Mode
from tests.support.logged_events import KIND, logged_events
from tests.support.pombo_client import PomboClient, fresh_name
from tests.support.sink_faults import CONFIG_NAME, faulty
from tests.support.sqs_server import SqsServer
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

EVENTS = 500
INSTANCES = 3
EACH = 100
ARRIVE_SECONDS = 120.0


@pytest.mark.parametrize("mode", ["up", "apart"])
async def test_every_event_reaches_every_sink_while_all_of_them_fail(
    mode: str,
    tmp_path: Path,
    receiver: WebhookReceiver,
    sqs_server: SqsServer,
    request: pytest.FixtureRequest,
) -> None:
    redis_url, amqp_url = "redis://127.0.0.1:1", ""
    if mode == "apart":  # of its own, since all Pombos on one broker are one
        redis_url, amqp_url = request.getfixturevalue("own_redis").url, request.getfixturevalue("own_rabbitmq").url
    else:
        amqp_url = request.getfixturevalue("amqp_url")
    async with faulty(
        cast("Mode", mode), tmp_path, receiver, redis_url=redis_url, amqp_url=amqp_url, sqs=sqs_server
    ) as pombo:
        names = await pombo.create(INSTANCES)
        for harm in pombo.harms:
            writing = asyncio.create_task(pombo.write(names, EVENTS // len(pombo.harms)))
            await harm()
            await writing
        await pombo.all_arrived(names, ARRIVE_SECONDS)


async def test_receivers_that_hang_fail_or_drop_delay_nobody_else(
    deployment: Deployment, client: PomboClient, receiver: WebhookReceiver
) -> None:
    async with WebhookReceiver() as hanging, WebhookReceiver() as failing, TcpProxy("127.0.0.1", 9) as dropping:
        hanging.flowing.clear()
        failing.refusing = 10**9
        dropping.refuse(refusing=True)
        addresses = [receiver.url, hanging.url, failing.url, f"http://127.0.0.1:{dropping.port}/hook"]
        names = [fresh_name("ill") for _ in addresses]
        for name, url in zip(names, addresses, strict=True):
            await client.create(name, qrcode=False, webhook={"url": url, "events": [CONFIG_NAME]})
        async with logged_events(deployment) as events:
            for name in reversed(names):
                await events.write(name, EACH)
            # The healthy one is through with all of its events while the first of the hanging one still hangs.
            await eventually(lambda: hanging.hanging == 1, seconds=30, what="a call that hangs")
            await eventually(lambda: len(receiver.of(names[0], KIND)) == EACH, seconds=30, what="the healthy one's")
            assert [taken.id for taken in receiver.of(names[0], KIND)] == events.ids[names[0]]
            assert hanging.of(names[1]) == []
            await eventually(lambda: failing.refused, seconds=30, what="a refusal")
            hanging.flowing.set()
            await eventually(lambda: len(hanging.first(names[1], KIND)) == EACH, seconds=60, what="all of the other")
