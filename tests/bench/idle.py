"""Section `idle`: what many sessions cost that nobody uses, beside bare Baileys on the same simulator, in one run."""

import asyncio
import os
import time

from tests.bench.bench import Bench
from tests.bench.contest import BARE, Contest, contest_in, link
from tests.bench.results import Outcome, verdict
from tests.support.pombo_client import fresh_name, fresh_number
from tests.support.process_cost import Idle, cost_of
from tests.support.process_tree import descendants

SESSIONS = int(os.environ.get("POMBO_BENCH_SESSIONS", "200"))
SECONDS = float(os.environ.get("POMBO_BENCH_IDLE_SECONDS", "90"))
"""Three times the keep-alive of both sides, so that what comes once a minute counts on both alike."""

LINKED_AT_ONCE = 4
COST_FACTOR = 1.5
HOST = "host/main.js"


async def run(bench: Bench) -> Outcome:
    """Link many sessions on each side, leave them alone, and say what they cost."""
    async with contest_in(bench, "scaled out") as contest:
        await _link_all(contest)
        worker = contest.pombo.deployment.worker.pid
        hosts = [child.pid for child in descendants(worker) if HOST in child.command]
        bench.say(f"{SESSIONS} sessions are left alone for {SECONDS:g} s")
        ours, theirs = await asyncio.gather(_at_rest([worker, *hosts]), _at_rest([contest.bare.pid]))
    memory = _beside("MiB", ours.proportional_mb, theirs.proportional_mb)
    resident = f"resident {ours.resident_mb:.0f} and {theirs.resident_mb:.0f}, what processes share counted in each"
    processor = _beside("% of a core", 100 * ours.processor, 100 * theirs.processor)
    notes = [
        f"{SESSIONS} idle sessions, memory, a worker with {len(hosts)} hosts: {memory} ({resident})",
        f"{SESSIONS} idle sessions, processor: {processor}",
        BARE,
    ]
    return Outcome(title="Idle sessions", rows=[], notes=notes)


async def _link_all(contest: Contest) -> None:
    few = asyncio.Semaphore(LINKED_AT_ONCE)
    with contest.bench.counting(f"linking {SESSIONS} sessions on each side", SESSIONS) as advance:

        async def both() -> None:
            async with few:
                await link(contest.client, fresh_name("idle"))
                await contest.bare.ask("open", number=fresh_number())
                advance()

        async with asyncio.TaskGroup() as linking:
            for _ in range(SESSIONS):
                linking.create_task(both())


def _beside(unit: str, ours: float, theirs: float) -> str:
    factor = ours / max(theirs, 0.001)
    wanted = f"at most {COST_FACTOR} are asked for: {verdict(met=factor <= COST_FACTOR)}"
    return f"{ours:.1f} {unit}, bare {theirs:.1f}: {factor:.2f} times, {wanted}"


async def _at_rest(pids: list[int]) -> Idle:
    before, began = cost_of(pids), time.perf_counter()
    await asyncio.sleep(SECONDS)
    after, seconds = cost_of(pids), time.perf_counter() - began
    return Idle(
        resident_mb=after.resident / 2**20,
        proportional_mb=after.proportional / 2**20,
        processor=(after.processor - before.processor) / seconds,
        processes=len(pids),
    )
