"""Two workers apart: what one of them ran when it was killed, the other takes over."""

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.chance import seeded_random
from tests.support.delivered_log import delivered_whole
from tests.support.deployment_apart import ApartDeployment
from tests.support.figures import Figures
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.running import running
from tests.support.text_stream import TextStream
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

INSTANCES = 8
ROUNDS = 4
TEXTS = 25


@pytest.fixture
def pair(tmp_path: Path, own_redis: RedisServer, own_rabbitmq: RabbitServer) -> Iterator[ApartDeployment]:
    """Yield a deployment with two workers on servers of its own."""
    with running(ApartDeployment(tmp_path, {}, redis_url=own_redis.url, amqp_url=own_rabbitmq.url)) as started:
        started.add_worker().start()
        yield started


async def test_a_killed_worker_s_sessions_open_at_the_other_and_no_text_is_lost_or_doubled(
    pair: ApartDeployment, receiver: WebhookReceiver, figures: Figures
) -> None:
    dice = seeded_random()
    seconds: list[float] = []
    async with PomboClient(pair) as client, Phones(lambda: pair.simulator) as phones:
        numbers = {fresh_name("pair"): fresh_number() for _ in range(INSTANCES)}
        for name, number in numbers.items():
            await client.create(name, webhook=receiver.url)
            await client.scan(name, number)
        streams = {name: TextStream(phones, fresh_number(), number) for name, number in numbers.items()}
        for _ in range(ROUNDS):
            victim = dice.choice([worker for worker in pair.workers if worker.children])
            logins = await _logins(phones)
            writing = asyncio.gather(*(stream.send(TEXTS) for stream in streams.values()))
            await streams[dice.choice(list(streams))].more(dice.randrange(TEXTS))
            await asyncio.to_thread(victim.kill)
            killed = time.monotonic()
            await writing
            await eventually(partial(_taken_over, phones, numbers, logins), seconds=30, what="all sessions are open")
            seconds.append(time.monotonic() - killed)
            await asyncio.to_thread(victim.start)
        repeats = sum([await stream.arrived(receiver, name) for name, stream in streams.items()])
        most = {number: device.most for number, device in (await phones.devices()).items()}
        assert set(most.values()) == {1}, "two sockets lived for one device"
        for name in numbers:
            await client.delete(name)
            await delivered_whole(pair, receiver, name)
    figures.add(
        f"{ROUNDS} times one of two workers killed, {INSTANCES} instances, {TEXTS} texts to each every time",
        [
            ("texts", ROUNDS * INSTANCES * TEXTS),
            ("delivered more than once", repeats),
            ("most sockets of one device at once", 1),
            ("from the kill until all sessions were open", figures.spread(seconds)),
        ],
    )


async def _logins(phones: Phones) -> int:
    return sum(device.logins for device in (await phones.devices()).values())


async def _taken_over(phones: Phones, numbers: dict[str, str], logins: int) -> bool:
    """Tell whether all have a socket; the logins tell new ones from those that the simulator has not missed yet."""
    devices = await phones.devices()
    return all(devices[number].live == 1 for number in numbers.values()) and await _logins(phones) > logins
