"""Three workers and many instances: one is killed, one is frozen alone and with its hosts, and all are restarted."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.delivered_log import delivered_whole
from tests.support.deployment_apart import ApartDeployment
from tests.support.figures import Figures
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient
from tests.support.pombo_process import PomboProcess
from tests.support.pool import Absences, Traffic, all_open, never_two, open_instances, owners, roll, spread_evenly
from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

INSTANCES = int(os.environ.get("POMBO_CHAOS_INSTANCES", "150"))
WORKERS = 3
LEASE_SECONDS = 15.0
SETTLE_SECONDS = 120.0
AWAY_SECONDS = 15.0
"""A generous bound; the figure is what counts."""


@pytest.fixture
def pool(tmp_path: Path, own_redis: RedisServer, own_rabbitmq: RabbitServer) -> Iterator[ApartDeployment]:
    """Yield a deployment with three workers on servers of its own, with leases as long as in production."""
    env = {"POMBO_LEASE_SECONDS": str(LEASE_SECONDS)}
    running = ApartDeployment(tmp_path, env, redis_url=own_redis.url, amqp_url=own_rabbitmq.url)
    try:
        running.start()
        for _ in range(WORKERS - 1):
            running.add_worker().start()
        yield running
    finally:
        running.stop()


@pytest_asyncio.fixture
async def client(pool: ApartDeployment) -> AsyncIterator[PomboClient]:
    """Yield a client of this pool."""
    async with PomboClient(pool) as client:
        yield client


@pytest_asyncio.fixture
async def phones(pool: ApartDeployment) -> AsyncIterator[Phones]:
    """Yield the phones of this pool's sandbox."""
    async with Phones(lambda: pool.simulator) as phones:
        yield phones


async def test_a_killed_and_a_frozen_worker_s_sessions_go_on_elsewhere_and_restarts_fail_no_command(
    pool: ApartDeployment,
    client: PomboClient,
    phones: Phones,
    receiver: WebhookReceiver,
    own_redis: RedisServer,
    figures: Figures,
) -> None:
    rows: list[tuple[str, object]] = []
    numbers = await open_instances(client, INSTANCES, receiver.url)
    rows.append(("sessions of each", await spread_evenly(own_redis.url, numbers, WORKERS, seconds=SETTLE_SECONDS)))
    await all_open(client, phones, numbers, seconds=SETTLE_SECONDS)

    traffic, absences = Traffic(client, numbers, receiver.url), Absences(phones)
    began = time.monotonic()
    async with absences.watched(), traffic.flowing():
        await roll(pool)
        rolled = time.monotonic() - began
        await spread_evenly(own_redis.url, numbers, WORKERS, seconds=SETTLE_SECONDS)
    assert traffic.failed == []
    assert max(absences.longest.values(), default=0.0) <= AWAY_SECONDS
    rows += [
        ("all workers restarted in", f"{rolled:.1f} s"),
        ("commands meanwhile, failed", f"{traffic.done}, {len(traffic.failed)}"),
        ("the slowest command", f"{traffic.slowest:.1f} s"),
        ("a session was away", figures.spread(list(absences.longest.values()) or [0.0])),
    ]

    await all_open(client, phones, numbers, seconds=SETTLE_SECONDS)
    victim = pool.workers[1]
    lost = owners(own_redis.url, numbers)[victim.said]
    rows.append((f"killed with {lost} sessions, all open again after", await _killed(pool, client, phones, numbers)))
    await asyncio.to_thread(victim.start)
    await spread_evenly(own_redis.url, numbers, WORKERS, seconds=SETTLE_SECONDS)

    for what, hosts in (("worker", False), ("worker and hosts", True)):
        before = {number: device.logins for number, device in (await phones.devices()).items()}
        seconds = await _frozen(pool.workers[2], client, phones, numbers, own_redis.url, hosts=hosts)
        await spread_evenly(own_redis.url, numbers, WORKERS, seconds=SETTLE_SECONDS)
        await all_open(client, phones, numbers, seconds=SETTLE_SECONDS)
        after = {number: device.logins for number, device in (await phones.devices()).items()}
        most = max(after[number] - before[number] for number in numbers.values())
        # Away to another worker, and perhaps back to even things out: more would be two that throw each other out.
        assert most <= 3, f"a device logged in {most} times"
        rows.append((f"{what} frozen, its sessions open elsewhere after", f"{seconds:.1f} s"))
        rows.append((f"{what} frozen, most logins of one device", most))
        if not hosts:
            await never_two(phones, numbers)
            rows.append(("most sockets of one device at once, until hosts were frozen", 1))

    # A frozen host cannot close its sockets: the login that replaces one of them finds it still there, and ends it.
    sockets = max(device.most for device in (await phones.devices()).values())
    assert sockets <= 2, "a frozen socket was not the only other one"
    rows.append(("with the frozen one that a login replaced", sockets))
    for name in numbers:
        await client.delete(name)
    for name in numbers:
        await delivered_whole(pool, receiver, name)
    figures.add(f"A pool of {WORKERS} workers, {INSTANCES} instances, leases of {LEASE_SECONDS:g} s", rows)


async def _killed(pool: ApartDeployment, client: PomboClient, phones: Phones, numbers: Mapping[str, str]) -> str:
    """Kill the second worker; returns how long it took until all were open."""
    logins = sum(device.logins for device in (await phones.devices()).values())
    killed = time.monotonic()
    await asyncio.to_thread(pool.workers[1].kill)
    await all_open(client, phones, numbers, seconds=LEASE_SECONDS + 15, logins=logins + 1)
    return f"{time.monotonic() - killed:.1f} s"


async def _frozen(
    worker: PomboProcess,
    client: PomboClient,
    phones: Phones,
    numbers: Mapping[str, str],
    redis_url: str,
    *,
    hosts: bool,
) -> float:
    """Freeze a worker for three lease times; returns how long its sessions took to be open elsewhere."""
    frozen = [worker.pid, *(child.pid for child in worker.children if hosts)]
    began = time.monotonic()
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        await spread_evenly(redis_url, numbers, WORKERS - 1, seconds=SETTLE_SECONDS)
        await all_open(client, phones, numbers, seconds=SETTLE_SECONDS)
        elsewhere = time.monotonic() - began
        end = began + 3 * LEASE_SECONDS
        await eventually(lambda: time.monotonic() >= end, seconds=3 * LEASE_SECONDS + 1, what="three lease times")
    finally:
        for pid in frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    return elsewhere
