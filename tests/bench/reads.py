"""Section `reads`: connectionState and fetchInstances beside a bare Litestar handler that returns the same bytes."""

import asyncio
import time

import httpx
import msgspec

from tests.bench.bare_http import Bodies
from tests.bench.bench import Bench
from tests.bench.results import Outcome, Row, Target
from tests.bench.running import MODES, Pombo, running_pombo, running_program
from tests.bench.samples import Contender
from tests.support.pombo_client import PomboClient

SIZES = (1, 100, 1000)
STATE = "GET /instance/connectionState"
LIST = "GET /instance/fetchInstances"

STATE_TARGETS = {"embedded": Target(0.6, "share"), "scaled out": Target(0.4, "share")}
LIST_TARGETS = {1000: Target(150, "rate")}

EVOLUTION = {
    (STATE, 1): 3026,
    (STATE, 100): 3078,
    (STATE, 1000): 2842,
    (LIST, 1): 260,
    (LIST, 100): 95,
    (LIST, 1000): 14.6,
}
"""Evolution API 2.3.6, answers a second on two cores shared with wrk, as here."""

CHANGES = 20


async def run(bench: Bench) -> Outcome:
    """Measure both modes at all sizes."""
    rows: list[Row] = []
    notes = [f"wrk, {bench.pace.connections} connections, each instance asked for in turn"]
    for mode in MODES:
        async with running_pombo(bench, mode) as pombo, PomboClient(pombo.deployment) as client:
            for size in SIZES:
                await _grow(client, size)
                rows += await _at_size(bench, pombo, client, size)
            notes.append(await _oldest_row(bench, pombo, client))
    return Outcome(title="Reads", rows=rows, notes=notes)


def _name(number: int) -> str:
    return f"bench-{number:04}"


async def _grow(client: PomboClient, size: int) -> None:
    """Create what is missing."""
    there = len((await client.call("GET", "/instance/fetchInstances")).json())
    free = asyncio.Semaphore(16)

    async def create(number: int) -> None:
        async with free:
            body = {"instanceName": _name(number), "integration": "WHATSAPP-BAILEYS", "qrcode": False}
            answer = await client.call("POST", "/instance/create", body)
            answer.raise_for_status()

    async with asyncio.TaskGroup() as group:
        for number in range(there, size):
            group.create_task(create(number))


async def _at_size(bench: Bench, pombo: Pombo, client: PomboClient, size: int) -> list[Row]:
    paths = [f"/instance/connectionState/{_name(number)}" for number in range(size)]
    bodies = Bodies(
        states={_name(number): (await client.call("GET", path)).text for number, path in enumerate(paths)},
        list=(await client.call("GET", "/instance/fetchInstances")).text,
    )
    taken = bench.folder("bodies") / "bodies.json"
    taken.write_bytes(msgspec.json.encode(bodies))
    key = pombo.deployment.key
    async with running_program(bench, "bare_http", str(taken), key, said="listens at") as bare:
        contenders: dict[str, Contender] = {
            f"{who} {what}": bench.wrk.gets(address, key, asked)
            for what, asked in (("state", paths), ("list", ["/instance/fetchInstances"]))
            for who, address in (("Pombo", pombo.deployment.address), ("bare", bare))
        }
        reached = await bench.compare(f"reads of {size:,}, {pombo.mode}", contenders)
    return [
        Row(
            what=f"{request}, {size:,}",
            mode=pombo.mode,
            ours=reached[f"Pombo {short}"],
            bare=reached[f"bare {short}"],
            target=STATE_TARGETS[pombo.mode] if short == "state" else LIST_TARGETS.get(size),
            evolution=EVOLUTION[request, size],
        )
        for request, short in ((STATE, "state"), (LIST, "list"))
    ]


async def _oldest_row(bench: Bench, pombo: Pombo, client: PomboClient) -> str:
    """Change settings while the list is under load, and see when the list shows them."""
    load = bench.wrk.gets(pombo.deployment.address, pombo.deployment.key, ["/v2/instance/fetchInstances"])
    loading = asyncio.create_task(load(bench.pace.seconds + 2))
    oldest = 0.0
    for turn in range(CHANGES):
        text = f"changed {turn}"
        settings = {
            "rejectCall": True,
            "msgCall": text,
            "groupsIgnore": False,
            "alwaysOnline": False,
            "readMessages": False,
            "readStatus": False,
            "syncFullHistory": False,
        }
        answer = await client.call("POST", f"/settings/set/{_name(turn)}", settings)
        answer.raise_for_status()
        oldest = max(oldest, await _until_listed(client, text))
    await loading
    return f"{pombo.mode}: {CHANGES} changes under load, the oldest row listed after one was {oldest * 1000:.0f} ms old"


async def _until_listed(client: PomboClient, text: str) -> float:
    """Return how long after now a list was begun that did not show this text yet, seconds; 0 when none was."""
    changed = time.perf_counter()
    stale = 0.0
    while True:
        began = time.perf_counter()
        answer: httpx.Response = await client.call("GET", "/v2/instance/fetchInstances")
        if text in answer.text:
            return stale
        stale = began - changed
