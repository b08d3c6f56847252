"""Many kills at random moments (SIGKILL), each followed to its end, and what came of them in figures."""

import asyncio
import os
import time
from collections import Counter

import pytest

from tests.support.chance import seeded_random
from tests.support.delivered_log import delivered_whole
from tests.support.deployment import Deployment
from tests.support.figures import Figures
from tests.support.pairing_walk import PairingWalk, kill_during, random_hesitation, random_moment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.text_stream import TextStream
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

KILLS = int(os.environ.get("POMBO_CHAOS_KILLS", "50"))
TEXTS = 200
TEXT_KILLS = 3


async def test_many_pairings_are_killed_at_random_moments(
    deployment: Deployment, client: PomboClient, phones: Phones, receiver: WebhookReceiver, figures: Figures
) -> None:
    dice = seeded_random()
    outcomes: Counter[str] = Counter()
    seconds: dict[str, list[float]] = {}
    repeats = events = 0
    for turn in range(KILLS):
        walk = PairingWalk(client, phones, receiver, random_hesitation(dice))
        going = await kill_during(deployment, walk, *random_moment(dice, turn))
        killed = time.monotonic()
        await deployment.start_worker()
        await going
        outcome = await walk.settled()
        outcomes[f"{outcome}, scan {'answered' if walk.scanned else 'not answered'}"] += 1
        seconds.setdefault(outcome, []).append(time.monotonic() - killed)
        await walk.finish(outcome)
        events += len(receiver.first(walk.name))
        repeats += len(receiver.of(walk.name)) - len(receiver.first(walk.name))
    figures.add(
        f"{KILLS} kills on the way from create to open, {deployment.mode}",
        [
            *sorted(outcomes.items()),
            *((f"from kill to {outcome}", figures.spread(spent)) for outcome, spent in sorted(seconds.items())),
            ("events", events),
            ("delivered more than once", repeats),
        ],
    )


async def test_the_worker_is_killed_again_and_again_while_a_contact_writes(
    deployment: Deployment, client: PomboClient, phones: Phones, receiver: WebhookReceiver, figures: Figures
) -> None:
    dice = seeded_random()
    name, number = fresh_name("texts"), fresh_number()
    await client.create(name, webhook=receiver.url)
    await client.scan(name, number)
    texts = TextStream(phones, fresh_number(), number)
    restarts = sorted(dice.sample(range(10, TEXTS - 20), TEXT_KILLS))

    async def harm() -> None:
        for after in restarts:
            await texts.taken(after)
            await deployment.kill_worker()
            await deployment.start_worker()

    began = time.monotonic()
    await texts.during(TEXTS, restarts[0], harm)
    repeats = await texts.arrived(receiver, name)
    spent = time.monotonic() - began
    await client.delete(name)
    await delivered_whole(deployment, receiver, name)
    figures.add(
        f"{TEXTS} texts and {TEXT_KILLS} kills, {deployment.mode}",
        [
            ("in the log", f"{TEXTS}, each once"),
            ("delivered more than once", repeats),
            ("from the first text sent to the last at the webhook", f"{spent:.1f} s"),
        ],
    )


async def test_hosts_are_killed_under_a_worker_that_lives(
    deployment: Deployment, client: PomboClient, phones: Phones, receiver: WebhookReceiver, figures: Figures
) -> None:
    name, number = fresh_name("host"), fresh_number()
    await client.create(name, webhook=receiver.url)
    await client.scan(name, number)
    texts = TextStream(phones, fresh_number(), number)

    async def harm() -> None:
        await asyncio.to_thread(deployment.kill_hosts)

    began = time.monotonic()
    await texts.during(TEXTS, TEXTS // 3, harm)
    repeats = await texts.arrived(receiver, name)
    spent = time.monotonic() - began
    assert (await phones.device(number)).most == 1
    await client.delete(name)
    await delivered_whole(deployment, receiver, name)
    figures.add(
        f"{TEXTS} texts and a killed host, {deployment.mode}",
        [
            ("in the log", f"{TEXTS}, each once"),
            ("delivered more than once", repeats),
            ("from the first text sent to the last at the webhook", f"{spent:.1f} s"),
        ],
    )
