"""Section `delivery`: how soon and how fast events reach the sinks, beside what the sinks' own clients reach bare."""

import math
from collections.abc import Mapping

from tests.bench.bench import Bench
from tests.bench.delivery_field import Field, Servers, running_field, running_servers
from tests.bench.ill_receivers import EACH, HANG_SECONDS, row_beside_ill_ones
from tests.bench.results import Outcome, Row, Target
from tests.bench.running import MODES
from tests.bench.samples import Contender, Sample, sample_of, take_turns
from tests.bench.sink_clients import PIPELINED, bare_posts, bare_publishers
from tests.bench.writing_worker import BESIDE_RATE, Write

RATES = (10, 100, 1000)
LATENCY_INSTANCES = 20
INSTANCES = 50
ROUNDS = 2
WARM_SECONDS = 0.5
LATE = 1.5
"""A rate that is too high is given up when so many times its seconds are over; the row shows what was reached."""

FIRST_GUESS = 400.0
"""Events a second, until a contender's first run tells."""

SHARE_TARGETS = {"embedded": Target(0.5, "share"), "scaled out": Target(0.25, "share")}
ALONE_TARGET = Target(300, "rate")
EVOLUTION_ALONE = 29


async def run(bench: Bench) -> Outcome:
    """Measure both modes."""
    rows: list[Row] = []
    async with running_servers(bench) as servers:
        for mode in MODES:
            async with running_field(bench, mode, servers) as field:
                rows += await _latencies(bench, field)
                rows += await _rates(bench, field, servers)
    notes = [
        "the worker is whole, in one process; events are written into its Store as a session writes them, then woken",
        f"at a rate: {LATENCY_INSTANCES} instances; from when an event was due to be written until the receiver has it",
        f"of {INSTANCES}: each instance writes one event a step and as fast as it can, until the last is delivered",
        "of a backlog: from the first wake-up until the Store knows the last as delivered; no writes meanwhile",
        f"bare: {INSTANCES} aiohttp posters of the same body",
        f"bare: {INSTANCES} aio-pika publishers of the same body, each with {PIPELINED} unconfirmed",
        f"ill: one hangs for {HANG_SECONDS:g} s, one answers 500, one drops the connection; bare: without them",
        f"ill: {EACH} instances of each, which write {BESIDE_RATE:g} events a second each",
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
    count = math.ceil(rate * seconds / len(names)) * len(names)
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
    beside_ill_ones = await row_beside_ill_ones(bench, field, names["webhook"], reached["webhook"].rate)
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
        beside_ill_ones,
    ]


async def _turns(bench: Bench, what: str, contenders: Mapping[str, Contender]) -> dict[str, Sample]:
    rounds, seconds = min(bench.pace.rounds, ROUNDS), bench.pace.seconds
    bench.say(f"{what}: {', '.join(contenders)}; {rounds} rounds of about {seconds:.1f} s each")
    return await take_turns(
        contenders, rounds=rounds, seconds=seconds, warm_seconds=min(WARM_SECONDS, seconds), tell=lambda _: None
    )


def _written(field: Field, names: list[str], *, backlog: bool = False) -> Contender:
    """Return what writes as many events as the last run says will take that long."""
    expected = FIRST_GUESS

    async def run(seconds: float) -> Sample:
        nonlocal expected
        count = math.ceil(expected * seconds / len(names)) * len(names)
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
