"""Section `engine`: codes, texts and idle sessions beside bare Baileys on the same simulator, in the same run."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from tests.bench.bare_baileys import BareBaileys, bare_baileys
from tests.bench.bench import Bench
from tests.bench.results import Outcome, Row, Target
from tests.bench.running import MODES, Mode, Pombo, running_pombo
from tests.bench.samples import Contender, Sample, sample_of
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.process_cost import Idle, cost_of
from tests.support.process_tree import descendants

SESSIONS = int(os.environ.get("POMBO_BENCH_SESSIONS", "200"))
IDLE_SECONDS = float(os.environ.get("POMBO_BENCH_IDLE_SECONDS", "90"))
"""Three times the keep-alive of both sides, so that what comes once a minute counts on both alike."""

LINKED_AT_ONCE = 4
LINK_SECONDS = 120.0
LANES = 16
MORE_MS = 50
COST_FACTOR = 1.5
TEXT_TARGET = Target(0.8, "share")
EVOLUTION_TEXTS = 24
HOST = "host/main.js"
BARE = "bare: one Node process, each device's state in files by Baileys' own store behind its own cache"


class Contest(NamedTuple):
    """Both sides, on one simulator."""

    bench: Bench
    pombo: Pombo
    client: PomboClient
    bare: BareBaileys


async def run(bench: Bench) -> Outcome:
    """Measure codes and texts in both modes, and what many idle sessions cost."""
    rows: list[Row] = []
    notes: list[str] = []
    for mode in MODES:
        async with _contest(bench, mode) as contest:
            codes = await _codes(contest)
            texts, in_memory = await _texts(contest)
            rows += [codes, *texts]
            notes += [_more(codes), *in_memory]
            if mode == "scaled out":
                notes += await _idle(contest)
    return Outcome(title="Engine", rows=rows, notes=[*notes, BARE])


@asynccontextmanager
async def _contest(bench: Bench, mode: Mode) -> AsyncIterator[Contest]:
    """Run both sides; Pombo's first instance has its simulator started where that waits for one."""
    async with running_pombo(bench, mode) as pombo, PomboClient(pombo.deployment) as client:
        await _link(client, fresh_name("first"), fresh_number())
        async with bare_baileys(pombo.deployment.simulator, bench.folder("bare")) as bare:
            yield Contest(bench, pombo, client, bare)


def _more(codes: Row) -> str:
    more = codes.ours.p50 - (codes.bare or codes.ours).p50
    wanted = f"at most {MORE_MS} are asked for: {_word(met=more <= MORE_MS)}"
    return f"{codes.mode}: connect to a QR code takes {more:.0f} ms more than bare at the median, {wanted}"


async def _codes(contest: Contest) -> Row:
    """From the call of connect, or from the making of a socket, to a QR code; nothing else runs."""

    async def ours() -> float:
        name = fresh_name("code")
        await contest.client.create(name, qrcode=False)
        began = time.perf_counter()
        connected = await contest.client.connect(name)
        seconds = time.perf_counter() - began
        assert connected["code"], connected
        await contest.client.delete(name)
        return seconds

    async def bare() -> float:
        return float((await contest.bare.ask("code"))["ms"]) / 1000

    reached = await contest.bench.compare("codes", {"connect": _repeated(ours), "bare": _repeated(bare)})
    return Row(what="connect to a QR code", mode=contest.pombo.mode, ours=reached["connect"], bare=reached["bare"])


async def _texts(contest: Contest) -> tuple[list[Row], list[str]]:
    """Send from one linked account on each side; what Baileys reaches with keys in memory alone is a note."""
    pombo = contest.pombo
    name, contact = fresh_name("texts"), fresh_number()
    await _link(contest.client, name, fresh_number())
    filed, in_memory = fresh_number(), fresh_number()
    await contest.bare.ask("open", number=filed)
    await contest.bare.ask("open", number=in_memory, files="none")

    def bare(sender: str, lanes: int) -> Contender:
        async def contender(seconds: float) -> Sample:
            sent = await contest.bare.ask("send", **{"from": sender}, to=contact, seconds=seconds, lanes=lanes)
            return sample_of(sent["latencies"], sent["seconds"])

        return contender

    rows, notes = [], []
    for lanes, what in ((1, "sendText, one after the other"), (LANES, f"sendText, {LANES} at once")):
        ours = contest.bench.wrk.sends(pombo.deployment.address, pombo.deployment.key, name, contact, lanes)
        contenders = {"sendText": ours, "bare": bare(filed, lanes), "in memory": bare(in_memory, lanes)}
        reached = await contest.bench.compare(f"{what}, {pombo.mode}", contenders)
        row = Row(
            what=what,
            mode=pombo.mode,
            ours=reached["sendText"],
            bare=reached["bare"],
            target=TEXT_TARGET,
            evolution=EVOLUTION_TEXTS,
        )
        rows.append(row)
        notes.append(f"{what}, bare with its keys in memory alone: {reached['in memory'].rate:.0f} a second")
    return rows, notes


async def _idle(contest: Contest) -> list[str]:
    """Link many sessions on each side, leave them alone, and say what they cost."""
    contest.bench.say(f"linking {SESSIONS} sessions on each side")
    few = asyncio.Semaphore(LINKED_AT_ONCE)

    async def both() -> None:
        async with few:
            await _link(contest.client, fresh_name("idle"), fresh_number())
            await contest.bare.ask("open", number=fresh_number())

    async with asyncio.TaskGroup() as linking:
        for _ in range(SESSIONS):
            linking.create_task(both())
    worker = contest.pombo.deployment.worker.pid
    hosts = [child.pid for child in descendants(worker) if HOST in child.command]
    contest.bench.say(f"{SESSIONS} sessions are left alone for {IDLE_SECONDS:g} s")
    ours, theirs = await asyncio.gather(_at_rest([worker, *hosts]), _at_rest([contest.bare.pid]))
    memory = _beside("MiB", ours.proportional_mb, theirs.proportional_mb)
    resident = f"resident {ours.resident_mb:.0f} and {theirs.resident_mb:.0f}, what processes share counted in each"
    processor = _beside("% of a core", 100 * ours.processor, 100 * theirs.processor)
    return [
        f"{SESSIONS} idle sessions, memory, a worker with {len(hosts)} hosts: {memory} ({resident})",
        f"{SESSIONS} idle sessions, processor: {processor}",
    ]


def _beside(unit: str, ours: float, theirs: float) -> str:
    factor = ours / max(theirs, 0.001)
    verdict = _word(met=factor <= COST_FACTOR)
    return f"{ours:.1f} {unit}, bare {theirs:.1f}: {factor:.2f} times, at most {COST_FACTOR} are asked for: {verdict}"


async def _at_rest(pids: list[int]) -> Idle:
    before, began = cost_of(pids), time.perf_counter()
    await asyncio.sleep(IDLE_SECONDS)
    after, seconds = cost_of(pids), time.perf_counter() - began
    return Idle(
        resident_mb=after.resident / 2**20,
        proportional_mb=after.proportional / 2**20,
        processor=(after.processor - before.processor) / seconds,
        processes=len(pids),
    )


async def _link(client: PomboClient, name: str, number: str) -> None:
    await client.create(name)
    answer = await client.call("POST", f"/sandbox/{name}/scan", {"number": number})
    assert answer.status_code == 200, answer.text
    await client.wait_for(name, "open", seconds=LINK_SECONDS)


def _repeated(once: Callable[[], Awaitable[float]]) -> Contender:
    """Make a contender that does one thing again and again."""

    async def contender(seconds: float) -> Sample:
        until = time.perf_counter() + seconds
        latencies: list[float] = []
        began = time.perf_counter()
        while time.perf_counter() < until:
            latencies.append(await once())
        return sample_of(latencies, time.perf_counter() - began)

    return contender


def _word(*, met: bool) -> str:
    return "met" if met else "missed"
