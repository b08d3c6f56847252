"""The process that runs the sessions is killed at random moments (SIGKILL): nothing is lost, doubled or stuck."""

import asyncio

import pytest

from tests.support.chance import seeded_random
from tests.support.delivered_log import delivered_whole
from tests.support.deployment import Deployment
from tests.support.pairing_walk import PairingWalk, kill_during, random_hesitation, random_moment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.text_stream import TextStream
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

KILLS = 5
TEXTS = 60


async def test_a_pairing_killed_at_any_moment_opens_by_itself_or_says_that_it_was_interrupted(
    deployment: Deployment, client: PomboClient, phones: Phones, receiver: WebhookReceiver
) -> None:
    dice = seeded_random()
    walks = [PairingWalk(client, phones, receiver, random_hesitation(dice)) for _ in range(KILLS)]
    going = []
    # Each kill but the first also hits the recovery from the one before.
    for turn, walk in enumerate(walks):
        going.append(await kill_during(deployment, walk, *random_moment(dice, turn)))
        await deployment.start_worker()
    await asyncio.gather(*going)
    outcomes = await asyncio.gather(*(walk.settled() for walk in walks))
    await asyncio.gather(*(walk.finish(outcome) for walk, outcome in zip(walks, outcomes, strict=True)))


async def test_each_text_that_came_while_the_worker_was_killed_is_in_the_log_once(
    deployment: Deployment, client: PomboClient, phones: Phones, receiver: WebhookReceiver
) -> None:
    name, number = fresh_name("texts"), fresh_number()
    await client.create(name, webhook=receiver.url)
    await client.scan(name, number)
    texts = TextStream(phones, fresh_number(), number)

    async def kill() -> None:
        await deployment.kill_worker()
        await deployment.start_worker()

    await texts.during(TEXTS, seeded_random().randrange(5, TEXTS // 2), kill)
    await texts.arrived(receiver, name)
    await client.delete(name)
    await delivered_whole(deployment, receiver, name)


async def test_what_a_hanging_receiver_was_being_told_when_the_worker_was_killed_is_delivered_afterwards(
    deployment: Deployment, client: PomboClient, receiver: WebhookReceiver
) -> None:
    name = fresh_name("hanging")
    receiver.flowing.clear()
    await client.create(name, webhook=receiver.url, qrcode=False)
    await eventually(lambda: receiver.hanging, what="a delivery hangs")
    await deployment.kill_worker()
    await eventually(lambda: not receiver.hanging, what="the dead worker's delivery is cut off")
    assert receiver.of(name) == []
    receiver.flowing.set()
    await deployment.start_worker()
    await eventually(lambda: receiver.of(name, "instance.create"), seconds=40, what="the event at the webhook")
    await client.delete(name)
    await delivered_whole(deployment, receiver, name)
