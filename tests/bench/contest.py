"""Pombo and bare Baileys on one simulator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from tests.bench.bare_baileys import BareBaileys, bare_baileys
from tests.bench.bench import Bench
from tests.bench.running import Mode, Pombo, running_pombo
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number

LINK_SECONDS = 120.0
BARE = "bare: one Node process, each device's state in files by Baileys' own store behind its own cache"


class Contest(NamedTuple):
    """Both sides, on one simulator."""

    bench: Bench
    pombo: Pombo
    client: PomboClient
    bare: BareBaileys


@asynccontextmanager
async def contest_in(bench: Bench, mode: Mode) -> AsyncIterator[Contest]:
    """Run both sides; Pombo's first instance has its simulator started where that waits for one."""
    async with running_pombo(bench, mode) as pombo, PomboClient(pombo.deployment) as client:
        await link(client, fresh_name("first"))
        async with bare_baileys(pombo.deployment.simulator, bench.folder("bare")) as bare:
            yield Contest(bench, pombo, client, bare)


async def link(client: PomboClient, name: str) -> None:
    """Create one of Pombo's instances, and let a phone of its own scan it; returns once it is open."""
    await client.create(name)
    answer = await client.call("POST", f"/sandbox/{name}/scan", {"number": fresh_number()})
    assert answer.status_code == 200, answer.text
    await client.wait_for(name, "open", seconds=LINK_SECONDS)
