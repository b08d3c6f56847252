"""Section `engine`: codes and texts beside bare Baileys on the same simulator, in the same run."""

import time
from collections.abc import Awaitable, Callable

from tests.bench.bench import Bench
from tests.bench.contest import BARE, Contest, contest_in, link
from tests.bench.results import Outcome, Row, Target, verdict
from tests.bench.running import MODES
from tests.bench.samples import Contender, Sample, sample_of
from tests.support.pombo_client import fresh_name, fresh_number

LANES = 16
MORE_MS = 50
TEXT_TARGET = Target(0.8, "share")
EVOLUTION_TEXTS = 24


async def run(bench: Bench) -> Outcome:
    """Measure codes and texts in both modes."""
    rows: list[Row] = []
    notes: list[str] = []
    for mode in MODES:
        async with contest_in(bench, mode) as contest:
            codes = await _codes(contest)
            texts, in_memory = await _texts(contest)
            rows += [codes, *texts]
            notes += [_more(codes), *in_memory]
    return Outcome(title="Engine", rows=rows, notes=[*notes, BARE])


def _more(codes: Row) -> str:
    more = codes.ours.p50 - (codes.bare or codes.ours).p50
    wanted = f"at most {MORE_MS} are asked for: {verdict(met=more <= MORE_MS)}"
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
    await link(contest.client, name)
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
