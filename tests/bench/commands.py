"""Section `commands`: create over REST and settings.set over AMQP beside a bare aio-pika echo."""

import uuid

import msgspec

from pombo_common.adapters.rabbitmq.topology import COMMAND_KEY
from pombo_worker.runtime import PREFETCH
from tests.bench.amqp_load import amqp_load
from tests.bench.bench import Bench
from tests.bench.results import Outcome, Row, Target
from tests.bench.running import running_pombo, running_program
from tests.support.pombo_client import PomboClient

CREATE = "POST /instance/create"
COMMAND = "settings.set over AMQP"
CREATE_TARGET = Target(0.3, "share")
EVOLUTION_CREATE = 175
ECHO_QUEUE = "bench.echo"
EXCHANGE = "pombo.bus"

SETTINGS = {
    "rejectCall": False,
    "msgCall": "",
    "groupsIgnore": False,
    "alwaysOnline": False,
    "readMessages": False,
    "readStatus": False,
    "syncFullHistory": False,
}


async def run(bench: Bench) -> Outcome:
    """Measure scaled out beside the echo, and embedded for information."""
    rows = [*await _scaled_out(bench), await _embedded(bench)]
    notes = [
        f"{bench.pace.connections} callers, each waiting for its answer; one API, one worker",
        f"the echo: one plain aio-pika consumer on a quorum queue, persistent messages, prefetch {PREFETCH}",
    ]
    return Outcome(title="Commands", rows=rows, notes=notes)


async def _scaled_out(bench: Bench) -> list[Row]:
    async with (
        running_pombo(bench, "scaled out") as pombo,
        PomboClient(pombo.deployment) as client,
        running_program(bench, "bare_echo", pombo.amqp_url, ECHO_QUEUE, str(PREFETCH), said="echo is up"),
        amqp_load(pombo.amqp_url, bench.pace.connections) as load,
    ):
        names = [f"settings-{number}" for number in range(bench.pace.connections)]
        for name in names:
            await client.create(name, qrcode=False, integration="WHATSAPP-BAILEYS")

        def settings_set(call_id: str, number: int) -> bytes:
            return msgspec.json.encode({"id": call_id, "type": "settings.set", "instance": names[number], **SETTINGS})

        address, key = pombo.deployment.address, pombo.deployment.key
        reached = await bench.compare(
            "commands, scaled out",
            {
                "create": bench.wrk.creates(address, key, f"made-{uuid.uuid4().hex[:6]}"),
                "settings.set": await load.to_exchange(EXCHANGE, COMMAND_KEY, settings_set),
                "echo": await load.to_queue(ECHO_QUEUE, settings_set),
            },
        )
    echo = reached["echo"]
    return [
        Row(
            what=CREATE,
            mode=pombo.mode,
            ours=reached["create"],
            bare=echo,
            target=CREATE_TARGET,
            evolution=EVOLUTION_CREATE,
        ),
        Row(what=COMMAND, mode=pombo.mode, ours=reached["settings.set"], bare=echo),
    ]


async def _embedded(bench: Bench) -> Row:
    async with running_pombo(bench, "embedded") as pombo:
        address, key = pombo.deployment.address, pombo.deployment.key
        creates = bench.wrk.creates(address, key, f"made-{uuid.uuid4().hex[:6]}")
        reached = await bench.compare("commands, embedded", {"create": creates})
    return Row(what=CREATE, mode=pombo.mode, ours=reached["create"], evolution=EVOLUTION_CREATE)
