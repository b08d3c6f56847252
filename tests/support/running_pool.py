"""A pool as the tests of its faults use it: servers of its own, two APIs, three workers, and open instances."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.delivered_log import delivered_whole
from tests.support.deployment_apart import ApartDeployment
from tests.support.figures import Figures
from tests.support.phones import Phones
from tests.support.plain_amqp import ask
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.pool import all_open, owners, spread_evenly
from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.server_binaries import ServerBinaries
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

WORKERS = 3
OPENED_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class RunningPool:
    """See the module.

    Attributes:
        deployment: the processes.
        redis: their Store.
        rabbit: their Bus.
        client: asks both APIs, each in its turn.
        phones: sees the sockets.
        receiver: is told of everything.
        lease_seconds: length of a lease.
        settle_seconds: how long the pool may take until all is even and open, on a machine with other work.
        numbers: of the instances, by name.
        closed: names of more instances, which nobody linked.
        rows: figures.
    """

    deployment: ApartDeployment
    redis: RedisServer
    rabbit: RabbitServer
    client: PomboClient
    phones: Phones
    receiver: WebhookReceiver
    lease_seconds: float
    settle_seconds: float
    numbers: dict[str, str]
    closed: list[str]
    rows: list[tuple[str, object]]

    async def create(self, count: int) -> None:
        """Create instances, every second one over plain AMQP, and let each one's phone scan its QR code."""
        few = asyncio.Semaphore(OPENED_AT_ONCE)

        async def one(name: str, number: str, *, queued: bool) -> None:
            async with few:
                if queued:
                    fields: dict[str, Any] = {
                        "integration": "WHATSAPP-SANDBOX",
                        "qrcode": True,
                        "webhook": {"url": self.receiver.url},
                    }
                    reply = await ask(self.rabbit.url, "instance.create", name, **fields)
                    assert reply["ok"], reply
                else:
                    await self.client.create(name, webhook=self.receiver.url)
                await self._link(name, number)

        async with asyncio.TaskGroup() as all_of_them:
            for turn in range(count):
                all_of_them.create_task(one(fresh_name("pool"), fresh_number(), queued=turn % 2 == 1))

    async def _link(self, name: str, number: str) -> None:
        """Let the phone scan a code. A reply over AMQP did not wait for one; one runs out when the machine is slow."""

        async def scanned() -> bool:
            # A connect may say that the phone began to link and was cut off: it begins anew then.
            await self.client.call("GET", f"/instance/connect/{name}")
            answer = await self.client.call("POST", f"/sandbox/{name}/scan", {"number": number})
            return answer.status_code == 200

        await eventually(scanned, seconds=self.settle_seconds, what=f"{name} is linked")
        self.numbers[name] = number

    async def spread(self, workers: int = WORKERS, *, seconds: float | None = None) -> list[int]:
        """Wait until each of so many workers runs its share; returns how many each has."""
        return await spread_evenly(self.redis.url, self.numbers, workers, seconds=seconds or self.settle_seconds)

    async def open(self, *, seconds: float | None = None, logins: int = 0) -> None:
        """Wait until every instance is open; see `all_open`."""
        await all_open(self.client, self.phones, self.numbers, seconds=seconds or self.settle_seconds, logins=logins)

    def owned_by(self, worker: str) -> int:
        """Count the instances whose lease a worker has."""
        return owners(self.redis.url, self.numbers)[worker]

    async def logins(self) -> Mapping[str, int]:
        """Return how often each number's device has logged in."""
        devices = await self.phones.devices()
        return {number: devices[number].logins for number in self.numbers.values()}

    async def delivered_whole(self) -> None:
        """Delete every instance and check that its whole log reached the webhook: no event lost, no seq left out."""
        for name in (*self.numbers, *self.closed):
            await self.client.delete(name)
        for name in (*self.numbers, *self.closed):
            await delivered_whole(self.deployment, self.receiver, name)

    def note(self, what: str, value: object) -> None:
        """Keep a figure."""
        self.rows.append((what, value))


@contextlib.asynccontextmanager
async def running_pool(
    binaries: ServerBinaries, folder: Path, *, lease_seconds: float, settle_seconds: float
) -> AsyncIterator[RunningPool]:
    """Start one and end it."""
    for place in ("redis", "rabbitmq"):
        (folder / place).mkdir(parents=True)
    redis, rabbit = RedisServer(binaries, folder / "redis"), RabbitServer(binaries, folder / "rabbitmq")
    deployment = ApartDeployment(
        folder,
        {"POMBO_LEASE_SECONDS": str(lease_seconds), "POMBO_DRAIN_SECONDS": "120"},
        redis_url=redis.url,
        amqp_url=rabbit.url,
    )
    try:
        await asyncio.to_thread(_start, redis, rabbit, deployment)
        async with (
            WebhookReceiver() as receiver,
            PomboClient(deployment) as client,
            Phones(lambda: deployment.simulator) as phones,
        ):
            yield RunningPool(
                deployment=deployment,
                redis=redis,
                rabbit=rabbit,
                client=client,
                phones=phones,
                receiver=receiver,
                lease_seconds=lease_seconds,
                settle_seconds=settle_seconds,
                numbers={},
                closed=[],
                rows=[],
            )
    finally:
        await asyncio.to_thread(_stop, redis, rabbit, deployment)


def _start(redis: RedisServer, rabbit: RabbitServer, deployment: ApartDeployment) -> None:
    redis.start()
    rabbit.start()
    deployment.start()
    deployment.add_api().start()
    for _ in range(WORKERS - 1):
        deployment.add_worker().start()


def _stop(redis: RedisServer, rabbit: RabbitServer, deployment: ApartDeployment) -> None:
    # A test that failed in the middle of an outage leaves a server down, and its clients waiting for it.
    for server in (redis, rabbit):
        server.kill()
    deployment.stop()


def show(figures: Figures, pool: RunningPool) -> None:
    """Hand the figures over."""
    title = f"A pool of {WORKERS} workers and 2 APIs, {len(pool.numbers)} instances, leases of {pool.lease_seconds:g} s"
    figures.add(title, pool.rows)
