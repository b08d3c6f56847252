"""A deployment whose servers stand behind proxies that cut, with all three sinks, and the check of what arrived."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.support import amqp_consumer
from tests.support.deployment import Deployment, Mode
from tests.support.deployment_apart import ApartDeployment
from tests.support.deployment_up import UpDeployment
from tests.support.logged_events import KIND, LoggedEvents, logged_events
from tests.support.pombo_client import PomboClient, fresh_name
from tests.support.sqs_server import SqsServer
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

READY_SECONDS = 60.0
CONFIG_NAME = "MESSAGES_UPSERT"
CHUNK = 20


@dataclass
class Faulty:
    """See the module.

    Attributes:
        redis: in front of Redis; nobody comes through in one process.
        rabbit: in front of RabbitMQ, the Bus and the sink alike.
    """

    deployment: Deployment
    client: PomboClient
    receiver: WebhookReceiver
    events: LoggedEvents
    redis: TcpProxy
    rabbit: TcpProxy
    sqs: SqsServer
    amqp_url: str

    async def create(self, count: int) -> list[str]:
        """Create instances with all three sinks, and wait for their SQS queues."""
        names = [fresh_name("faulty") for _ in range(count)]
        sink = {"enabled": True, "events": [CONFIG_NAME]}
        for name in names:
            await self.client.create(
                name, qrcode=False, webhook={"url": self.receiver.url, "events": [CONFIG_NAME]}, rabbitmq=sink, sqs=sink
            )

        async def ready() -> bool:
            states = [(await self.client.call("GET", f"/sqs/find/{name}")).json()["state"] for name in names]
            return set(states) == {"ready"}

        await eventually(ready, seconds=READY_SECONDS, what="all SQS queues")
        return names

    async def write(self, names: list[str], count: int) -> None:
        """Write so many events in all, some at each instance in turn."""
        for turn in range(count // CHUNK):
            await self.events.write(names[turn % len(names)], CHUNK)

    async def cut(self, proxy: TcpProxy) -> None:
        """Cut a server off, and let it be reached again once that was noticed."""
        proxy.refuse(refusing=True)
        proxy.cut()
        await asyncio.sleep(0)
        proxy.refuse(refusing=False)

    async def kill_worker(self) -> None:
        """Kill the worker and start it again."""
        await self.deployment.kill_worker()
        await self.deployment.start_worker()

    async def refuse(self) -> None:
        """Let the receiver fail a few times."""
        self.receiver.refusing += 5

    @property
    def harms(self) -> list[Callable[[], Awaitable[None]]]:
        """What can be done to it."""
        cuts: list[Callable[[], Awaitable[None]]] = [self.kill_worker, lambda: self.cut(self.rabbit), self.refuse]
        return cuts if self.deployment.mode == "up" else [*cuts, lambda: self.cut(self.redis)]

    async def all_arrived(self, names: list[str], seconds: float) -> int:
        """Wait for every event at every sink, check ids and seqs; returns how many deliveries were repeats."""
        repeats = 0
        for name in names:
            wanted = self.events.ids[name]
            at_webhook = await self._until(wanted, self._webhook_of(name), seconds, "the webhook")
            at_rabbit = await self._until(wanted, self._rabbit_of(name), seconds, "RabbitMQ")
            at_sqs = await self._until(wanted, self._sqs_of(name), seconds, "SQS")
            for arrived in (at_webhook, at_rabbit, at_sqs):
                repeats += len(arrived) - len(wanted)
                by_seq = {(event_id, seq) for event_id, seq in arrived}
                assert len(by_seq) == len(wanted), "an id came with two seqs, or a seq with two ids"
                ordered = [event_id for event_id, _ in sorted(by_seq, key=lambda each: each[1])]
                assert ordered == wanted, "the seqs are not those of the log"
                seqs = sorted(seq for _, seq in by_seq)
                assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "gaps in seq"
        return repeats

    async def _until(
        self, wanted: list[str], take: Callable[[], list[tuple[str, int]]], seconds: float, where: str
    ) -> list[tuple[str, int]]:
        """Take what arrives until all that is wanted has."""
        arrived: list[tuple[str, int]] = []

        async def all_there() -> bool:
            arrived.extend(await asyncio.to_thread(take))
            return set(wanted) <= {event_id for event_id, _ in arrived}

        await eventually(all_there, seconds=seconds, what=f"{len(wanted)} events at {where}")
        return arrived

    def _webhook_of(self, name: str) -> Callable[[], list[tuple[str, int]]]:
        seen: list[int] = [0]

        def take() -> list[tuple[str, int]]:
            taken = self.receiver.of(name, KIND)[seen[0] :]
            seen[0] += len(taken)
            return [(each.id, each.seq) for each in taken]

        return take

    def _rabbit_of(self, name: str) -> Callable[[], list[tuple[str, int]]]:
        def take() -> list[tuple[str, int]]:
            queue = f"{name}.{KIND}"
            if not amqp_consumer.exists(self.amqp_url, queue):
                return []
            found: list[tuple[str, int]] = []
            with amqp_consumer.channel(self.amqp_url) as link:
                while True:
                    method, properties, _ = link.basic_get(queue, auto_ack=True)
                    if method is None or properties is None:
                        return found
                    found.append((str(properties.message_id), int(properties.headers["pombo-seq"])))

        return take

    def _sqs_of(self, name: str) -> Callable[[], list[tuple[str, int]]]:
        queue = f"{name}_{KIND.replace('.', '_')}.fifo"

        def take() -> list[tuple[str, int]]:
            told = [message["MessageAttributes"] for message in self.sqs.take_some(queue)]
            return [(each["pombo-id"]["StringValue"], int(each["pombo-seq"]["StringValue"])) for each in told]

        return take


@contextlib.asynccontextmanager
async def faulty(
    mode: Mode, folder: Path, receiver: WebhookReceiver, *, redis_url: str, amqp_url: str, sqs: SqsServer
) -> AsyncIterator[Faulty]:
    """Run a deployment of its own; the servers live on, and only its connections to them are cut."""
    redis_at, rabbit_at = urlsplit(redis_url), urlsplit(amqp_url)
    async with (
        TcpProxy(redis_at.hostname or "", redis_at.port or 0) as redis,
        TcpProxy(rabbit_at.hostname or "", rabbit_at.port or 0) as rabbit,
    ):
        proxied_redis = redis_url.replace(f":{redis_at.port}", f":{redis.port}")
        proxied_rabbit = amqp_url.replace(f":{rabbit_at.port}", f":{rabbit.port}")
        env = {**sqs.env, "POMBO_HOLD_SECONDS": "1"}
        deployment: Deployment
        if mode == "up":
            deployment = UpDeployment(folder, {**env, "RABBITMQ_URI": proxied_rabbit})
        else:
            deployment = ApartDeployment(folder, env, redis_url=proxied_redis, amqp_url=proxied_rabbit)
        await asyncio.to_thread(deployment.start)
        try:
            async with PomboClient(deployment) as client, logged_events(deployment, redis_url) as events:
                yield Faulty(deployment, client, receiver, events, redis, rabbit, sqs, amqp_url)
        finally:
            await asyncio.to_thread(deployment.stop)
