"""Three workers share the instances: spread evenly, taken over after a kill, and handed over by one that stops."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.delivered_log import delivered_whole
from tests.support.deployment_apart import ApartDeployment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient
from tests.support.pool import Absences, Traffic, all_open, never_two, open_instances, roll, spread_evenly
from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

INSTANCES = 12
LEASE_SECONDS = 6
"""Three workers and their hosts start on a few cores; shorter leases would run out meanwhile."""

SETTLE_SECONDS = 20
WORKERS = 3
AWAY_SECONDS = 10.0
"""A generous bound for a machine that is busy; tests/chaos takes the figure."""


@pytest.fixture
def pool(tmp_path: Path, own_redis: RedisServer, own_rabbitmq: RabbitServer) -> Iterator[ApartDeployment]:
    """Yield a deployment with three workers on servers of its own."""
    running = ApartDeployment(
        tmp_path, {"POMBO_LEASE_SECONDS": str(LEASE_SECONDS)}, redis_url=own_redis.url, amqp_url=own_rabbitmq.url
    )
    try:
        running.start()
        for _ in range(WORKERS - 1):
            running.add_worker().start()
        yield running
    finally:
        running.stop()


async def test_instances_are_spread_handed_over_by_workers_that_stop_and_taken_over_from_one_that_dies(
    pool: ApartDeployment, receiver: WebhookReceiver, own_redis: RedisServer
) -> None:
    async with PomboClient(pool) as client, Phones(lambda: pool.simulator) as phones:
        numbers = await open_instances(client, INSTANCES, receiver.url)
        await spread_evenly(own_redis.url, numbers, WORKERS, seconds=SETTLE_SECONDS)
        await all_open(client, phones, numbers, seconds=SETTLE_SECONDS)

        traffic, absences = Traffic(client, numbers, receiver.url), Absences(phones)
        async with absences.watched(), traffic.flowing():
            await roll(pool)
        assert traffic.done
        assert traffic.failed == []
        await spread_evenly(own_redis.url, numbers, WORKERS, seconds=SETTLE_SECONDS)
        await all_open(client, phones, numbers, seconds=SETTLE_SECONDS)
        assert max(absences.longest.values(), default=0.0) <= AWAY_SECONDS, absences.longest

        await asyncio.to_thread(pool.workers[1].kill)
        await spread_evenly(own_redis.url, numbers, WORKERS - 1, seconds=LEASE_SECONDS + 15)
        await all_open(client, phones, numbers, seconds=LEASE_SECONDS + 15)
        await never_two(phones, numbers)
        for name in numbers:
            await client.delete(name)
        for name in numbers:
            await delivered_whole(pool, receiver, name)
