"""Section `delivery`: how soon and how fast events reach the sinks, beside what the sinks' own clients reach bare."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

import aiohttp
import msgspec

from pombo_common.vault import new_key
from tests.bench.bare_receiver import Taken
from tests.bench.bench import Bench
from tests.bench.results import Outcome, Row, Target
from tests.bench.running import MODES, REDIS, Mode, running_program
from tests.bench.samples import Contender, Sample, sample_of, take_turns
from tests.bench.sink_clients import PIPELINED, bare_posts, bare_publishers
from tests.bench.writing_worker import Make, Write, Written
from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.server_binaries import find_server_binaries
from tests.support.sqs_server import SqsServer

RATES = (10, 100, 1000)
LATENCY_INSTANCES = 20
INSTANCES = 50
ROUNDS = 3
ROUND_SHARE = 1 / 4
"""A section of many rows: its rounds are so much shorter than the run's pace."""

WARM_SECONDS = 0.5
LATE = 1.5
"""A rate that is too high is given up when so many times its seconds are over; the row shows what was reached."""

FIRST_GUESS = 400.0
"""Events a second, until a contender's first run tells."""

SHARE_TARGETS = {"embedded": Target(0.5, "share"), "scaled out": Target(0.25, "share")}
ALONE_TARGET = Target(300, "rate")
EVOLUTION_ALONE = 29
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

    async def make(self, sink: str, count: int) -> list[str]:
        """Create so many instances with this sink, and forget what that made the receiver get."""
        names = [f"{sink}-{count}-{number:02}" for number in range(count)]
        await self._order("make", Make(names=names, sink=sink, url=self.receiver))
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


async def run(bench: Bench) -> Outcome:
    """Measure both modes."""
    rows: list[Row] = []
    async with _servers(bench) as servers:
        for mode in MODES:
            async with _field(bench, mode, servers) as field:
                rows += await _latencies(bench, field)
                rows += await _rates(bench, field, servers)
    notes = [
        "the worker is whole, in one process; events are written into its Store as a session writes them, then woken",
        f"at a rate: {LATENCY_INSTANCES} instances; from when an event was due to be written until the receiver has it",
        f"of {INSTANCES}: each instance writes one event a step and as fast as it can, until the last is delivered",
        "of a backlog: from the first wake-up until the Store knows the last as delivered; no writes meanwhile",
        f"bare, same bodies: {INSTANCES} aiohttp posters; {INSTANCES} aio-pika publishers, each with {PIPELINED} unconfirmed",
        "SQS is moto's server, which is the limit itself: its figures compare with nothing",
    ]
    return Outcome(title="Delivery", rows=rows, notes=notes)


async def _latencies(bench: Bench, field: Field) -> list[Row]:
    names = await field.make("webhook", LATENCY_INSTANCES)
    rows = []
    for rate in RATES:
        bench.say(f"webhook, {field.mode}: {rate:,} events a second for {bench.pace.seconds:g} s")
        sample = await _paced(field, names, rate, bench.pace.seconds)
        rows.append(Row(what=f"webhook at {rate:,}/s", mode=field.mode, ours=sample))
    return rows


async def _paced(field: Field, names: list[str], rate: int, seconds: float) -> Sample:
    count = max(len(names), int(rate * seconds) // len(names) * len(names))
    written = await field.write(Write(names=names, count=count, rate=rate, seconds=seconds * LATE))
    taken = await field.taken()
    _check(taken.count, written.count)
    return sample_of(taken.latencies, taken.last - written.began)


async def _rates(bench: Bench, field: Field, servers: Servers) -> list[Row]:
    names = {sink: await field.make(sink, INSTANCES) for sink in ("webhook", "rabbitmq", "sqs")}
    alone = await field.make("webhook", 1)
    await field.write(Write(names=alone, count=1))
    like = await field.taken()
    async with bare_publishers(servers.amqp_url, like, INSTANCES) as publishers:
        contenders: dict[str, Contender] = {
            "webhook": _written(field, names["webhook"]),
            "webhook backlog": _written(field, names["webhook"], backlog=True),
            "posts": bare_posts(field.http, field.receiver, like, INSTANCES),
            "rabbitmq": _written(field, names["rabbitmq"]),
            "rabbitmq backlog": _written(field, names["rabbitmq"], backlog=True),
            "publishes": publishers,
            "sqs": _written(field, names["sqs"]),
            "alone": _written(field, alone),
        }
        reached = await _turns(bench, f"rates, {field.mode}", contenders)
    target = SHARE_TARGETS[field.mode]

    def row(what: str, ours: str, bare: str) -> Row:
        return Row(what=what, mode=field.mode, ours=reached[ours], bare=reached[bare], target=target)

    return [
        row(f"webhook, {INSTANCES}", "webhook", "posts"),
        row(f"webhook, backlog of {INSTANCES}", "webhook backlog", "posts"),
        row(f"rabbitmq, {INSTANCES}", "rabbitmq", "publishes"),
        row(f"rabbitmq, backlog of {INSTANCES}", "rabbitmq backlog", "publishes"),
        Row(what=f"sqs, {INSTANCES}", mode=field.mode, ours=reached["sqs"]),
        Row(
            what="webhook, one instance",
            mode=field.mode,
            ours=reached["alone"],
            target=ALONE_TARGET,
            evolution=EVOLUTION_ALONE,
        ),
    ]


async def _turns(bench: Bench, what: str, contenders: Mapping[str, Contender]) -> dict[str, Sample]:
    rounds, seconds = min(bench.pace.rounds, ROUNDS), bench.pace.seconds * ROUND_SHARE
    bench.say(f"{what}: {', '.join(contenders)}; {rounds} rounds of about {seconds:.1f} s each")
    return await take_turns(
        contenders, rounds=rounds, seconds=seconds, warm_seconds=min(WARM_SECONDS, seconds), tell=lambda _: None
    )


def _written(field: Field, names: list[str], *, backlog: bool = False) -> Contender:
    """Return what writes as many events as the last run says will take that long."""
    expected = FIRST_GUESS

    async def run(seconds: float) -> Sample:
        nonlocal expected
        count = max(len(names), int(expected * seconds) // len(names) * len(names))
        await field.taken()
        written = await field.write(Write(names=names, count=count, backlog=backlog))
        taken = await field.taken()
        if names[0].startswith("webhook"):
            _check(taken.count, written.count)
        expected = written.count / (written.ended - written.began)
        return Sample(rate=expected)

    return run


def _check(came: int, sent: int) -> None:
    if came != sent:
        raise RuntimeError(f"{came} deliveries of {sent} events came, with no failure in between")


@contextlib.asynccontextmanager
async def _servers(bench: Bench) -> AsyncIterator[Servers]:
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
async def _field(bench: Bench, mode: Mode, servers: Servers) -> AsyncIterator[Field]:
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
