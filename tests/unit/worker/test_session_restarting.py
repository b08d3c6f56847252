"""A restart: the state says that the connection is gone for as long as there is none."""

import pytest

from tests.support.waiting import eventually
from tests.unit.worker.commanding import opened, opens
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio


async def test_a_restart_whose_dial_waits_says_connecting_meanwhile_and_once(world: World) -> None:
    await opened(world)
    before = await world.live()
    world.engine.reachable.clear()
    await world.sessions.restart("shop")
    await eventually(lambda: world.engine.tries == 2, what="the next dial")
    live = await world.live()
    assert (live.state, live.phase, live.reason, live.status_reason) == ("connecting", "login", None, 200)
    assert live.wanted
    assert live.since >= before.since
    world.engine.reachable.set()
    await opens(world, 2)
    assert await world.states(await world.stored()) == ["connecting", "open", "connecting", "open"]


async def test_a_restart_of_what_is_connecting_says_nothing_more(world: World) -> None:
    await world.start(await world.create(paired=True, wanted=True, state="connecting", phase="pairing"))
    await world.engine.dialled(1)
    await eventually(lambda: world.sessions.connected("shop"), what="the connection")
    before = await world.live()
    await world.sessions.restart("shop")
    await world.engine.dialled(2)
    assert await world.live() == before
    assert await world.log(await world.stored()) == []
