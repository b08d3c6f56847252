"""Many events to all three sinks while worker, RabbitMQ, Redis and receiver are killed and cut at random moments."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from tests.support.chance import seeded_random
from tests.support.deployment import Mode
from tests.support.figures import Figures
from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.sink_faults import faulty
from tests.support.sqs_server import SqsServer
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

EVENTS = int(os.environ.get("POMBO_CHAOS_EVENTS", "10000"))
INSTANCES = max(2, EVENTS // 200)
HARMS = int(os.environ.get("POMBO_CHAOS_HARMS", "20"))
"""So many at least: to write the events takes less time than to deliver them."""

ARRIVE_SECONDS = 600.0


@pytest.mark.parametrize("mode", ["up", "apart"])
async def test_every_event_reaches_every_sink_while_all_are_killed_at_random(
    mode: str,
    tmp_path: Path,
    receiver: WebhookReceiver,
    own_redis: RedisServer,
    own_rabbitmq: RabbitServer,
    sqs_server: SqsServer,
    figures: Figures,
) -> None:
    dice = seeded_random()
    done: Counter[str] = Counter()
    async with faulty(
        cast("Mode", mode), tmp_path, receiver, redis_url=own_redis.url, amqp_url=own_rabbitmq.url, sqs=sqs_server
    ) as pombo:

        async def restart(server: RedisServer | RabbitServer) -> None:
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)

        harms: dict[str, Callable[[], Awaitable[None]]] = {
            "worker killed": pombo.kill_worker,
            "RabbitMQ killed": lambda: restart(own_rabbitmq),
            "RabbitMQ cut": lambda: pombo.cut(pombo.rabbit),
            "receiver refused": pombo.refuse,
        }
        if mode == "apart":
            harms |= {"Redis killed": lambda: restart(own_redis), "Redis cut": lambda: pombo.cut(pombo.redis)}
        names = await pombo.create(INSTANCES)
        began = time.monotonic()
        writing = asyncio.create_task(pombo.write(names, EVENTS))
        while not writing.done() or done.total() < HARMS:
            what = dice.choice(sorted(harms))
            await harms[what]()
            done[what] += 1
        await writing
        repeats = await pombo.all_arrived(names, ARRIVE_SECONDS)
        figures.add(
            f"{EVENTS} events of {len(names)} instances to three sinks, {mode}",
            [
                *sorted(done.items()),
                ("arrived at each sink", f"{EVENTS}, no gap in seq"),
                ("deliveries more than once", repeats),
                ("from the first event to the last at the last sink", f"{time.monotonic() - began:.1f} s"),
            ],
        )
