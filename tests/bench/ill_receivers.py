"""Three receivers that are ill, each in its own way, and what they take from the healthy ones' rate."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from tests.bench.bench import Bench
from tests.bench.delivery_field import Field
from tests.bench.results import Row, Target
from tests.bench.samples import Contender, Sample, take_turns
from tests.bench.writing_worker import Write

HANG_SECONDS = 30.0
EACH = 3
"""Instances of each ill receiver."""

ROUNDS = 8
ROUND_SHARE = 0.4
SHARE_TARGET = Target(0.9, "share")

Answer = Callable[[web.BaseRequest], Awaitable[web.Response]]


async def row_beside_ill_ones(bench: Bench, field: Field, healthy: list[str], expected: float) -> Row:
    """Measure what the healthy ones get, in turns without and with ill ones beside them.

    Args:
        bench: the run.
        field: a mode.
        healthy: instances of the healthy receiver.
        expected: about so many events a second go there.
    """
    async with _ill_receivers() as urls:
        ill = [name for kind, url in urls.items() for name in await field.make("webhook", EACH, kind=kind, url=url)]
        contenders = {
            "alone": _healthy(field, healthy, [], expected),
            "beside": _healthy(field, healthy, ill, expected),
        }
        seconds = bench.pace.seconds * ROUND_SHARE
        bench.say(f"healthy receivers beside ill ones, {field.mode}: {ROUNDS} rounds of about {seconds:.1f} s each")
        reached = await take_turns(
            contenders, rounds=ROUNDS, seconds=seconds, warm_seconds=seconds, tell=lambda _: None
        )
    return Row(
        what=f"webhook, {len(healthy)}, beside {len(urls)} ill receivers",
        mode=field.mode,
        ours=reached["beside"],
        bare=reached["alone"],
        target=SHARE_TARGET,
    )


def _healthy(field: Field, names: list[str], ill: list[str], expected: float) -> Contender:
    async def run(seconds: float) -> Sample:
        count = math.ceil(expected * seconds / len(names)) * len(names)
        await field.taken()
        written = await field.write(Write(names=names, count=count, beside=ill))
        taken = await field.taken()
        return Sample(rate=taken.count / (taken.last - written.began))

    return run


@asynccontextmanager
async def _ill_receivers() -> AsyncIterator[dict[str, str]]:
    """Let three receivers listen while the body runs; yields their addresses by what is wrong with them."""
    async with AsyncExitStack() as stack:
        kinds: dict[str, Answer] = {"hanging": _hang, "failing": _fail, "dropping": _drop}
        yield {kind: await stack.enter_async_context(_listening(answer)) for kind, answer in kinds.items()}


@asynccontextmanager
async def _listening(answer: Answer) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _hang(_: web.BaseRequest) -> web.Response:
    await asyncio.sleep(HANG_SECONDS)
    return web.Response()


async def _fail(_: web.BaseRequest) -> web.Response:
    return web.Response(status=500)


async def _drop(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
