"""Where deliveries are measured: a worker that writes by order, a receiver, and servers that every mode shares."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import NamedTuple

import aiohttp
import msgspec

from pombo_common.vault import new_key
from tests.bench.bare_receiver import Taken
from tests.bench.bench import Bench
from tests.bench.running import REDIS, Mode, running_program
from tests.bench.writing_worker import Make, Write, Written
from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.server_binaries import find_server_binaries
from tests.support.sqs_server import SqsServer

ORDER_SECONDS = 120
NO_SWEEP = "300"
"""Seconds: what a wake-up does not bring must not be mistaken for what it brings."""


class Servers(NamedTuple):
    """Where the servers are."""

    amqp_url: str
    redis_url: str
    sqs: SqsServer


class Field(NamedTuple):
    """One mode under measurement.

    Attributes:
        http: calls the worker and the receiver, and is the bare poster.
        worker: takes orders there.
        receiver: takes webhooks there.
    """

    mode: Mode
    http: aiohttp.ClientSession
    worker: str
    receiver: str

    async def make(self, sink: str, count: int, *, kind: str = "healthy", url: str = "") -> list[str]:
        """Create so many instances with this sink, and forget what that made the receiver get.

        Args:
            sink: `webhook`, `rabbitmq` or `sqs`.
            count: how many.
            kind: of receiver, part of their names.
            url: of another receiver.
        """
        names = [f"{sink}-{kind}-{count}-{number:02}" for number in range(count)]
        await self._order("make", Make(names=names, sink=sink, url=url or self.receiver))
        await self.taken()
        return names

    async def write(self, write: Write) -> Written:
        """Let it write, until all is delivered."""
        return msgspec.json.decode(await self._order("write", write), type=Written)

    async def taken(self) -> Taken:
        """Return what the receiver got since it was asked last."""
        async with self.http.get(self.receiver) as answer:
            return msgspec.json.decode(await answer.read(), type=Taken)

    async def _order(self, path: str, order: msgspec.Struct) -> bytes:
        async with self.http.post(f"{self.worker}/{path}", data=msgspec.json.encode(order)) as answer:
            answer.raise_for_status()
            return await answer.read()


@contextlib.asynccontextmanager
async def running_servers(bench: Bench) -> AsyncIterator[Servers]:
    """Run RabbitMQ, Redis and moto's SQS while the body runs; every mode gets the same."""
    bench.say("starting RabbitMQ, Redis and moto's SQS")
    binaries = find_server_binaries()
    redis = RedisServer(binaries, bench.folder("redis"), REDIS)
    rabbit = RabbitServer(binaries, bench.folder("rabbitmq"))
    sqs = SqsServer()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto's, which tells each request
    with contextlib.ExitStack() as stack:
        try:
            for server, end in ((redis, redis.kill), (rabbit, rabbit.kill), (sqs, sqs.stop)):
                stack.callback(end)
                await asyncio.to_thread(server.start)
            yield Servers(rabbit.url, redis.url, sqs)
        finally:
            await asyncio.to_thread(stack.close)


@contextlib.asynccontextmanager
async def running_field(bench: Bench, mode: Mode, servers: Servers) -> AsyncIterator[Field]:
    """Run a worker and a receiver while the body runs."""
    bench.say(f"starting a worker, {mode}")
    env = {
        "POMBO_DATA_DIR": str(bench.folder("data")),
        "POMBO_ENCRYPTION_KEY": new_key(),
        "AUTHENTICATION_API_KEY": "bench",
        "POMBO_LEASE_SECONDS": NO_SWEEP,
        "POMBO_DELIVERY_SWEEP_SECONDS": NO_SWEEP,
        "POMBO_LOG_LEVEL": "WARNING",
        "RABBITMQ_ENABLED": "true",
        "RABBITMQ_URI": servers.amqp_url,
        "SQS_ENABLED": "true",
        **servers.sqs.env,
    }
    if mode == "scaled out":
        env |= {
            "POMBO_STORE_URL": servers.redis_url,
            "POMBO_BUS_URL": servers.amqp_url,
            "POMBO_WEBHOOK_ALLOW": "127.0.0.0/8",
        }
    async with (
        running_program(bench, "bare_receiver", said="listens at") as receiver,
        running_program(bench, "writing_worker", said="takes orders at", env=env) as worker,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ORDER_SECONDS)) as http,
    ):
        yield Field(mode, http, worker, receiver)
