"""A session that has to read the Store before it dials: it waits while the Store is away, for as long as it owns."""

import pytest

from pombo_worker.engines.port import Closed, Connecting
from pombo_worker.sessions import writer
from tests.support.waiting import eventually
from tests.unit.worker.commanding import opened, opens
from tests.unit.worker.scripted_engine import PAIRED_CREDS
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

LOST = Closed(code=428, message="", origin="network")


@pytest.mark.parametrize("outage", [1, 2, 5])
async def test_a_session_begins_once_the_store_is_back(world: World, outage: int) -> None:
    stored = await world.create(paired=True, wanted=True)
    await world.start(stored)
    world.store.away = outage
    connection = await world.engine.dialled(1)
    assert (connection.dial.creds, world.store.away) == (PAIRED_CREDS, 0)


async def test_a_session_whose_delay_ends_in_an_outage_dials_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = world.store.journal

    async def goes_away(name: str, instance_id: str) -> object:
        monkeypatch.setattr(world.store, "journal", journal)
        world.store.away = 3
        return await journal(name, instance_id)

    connection = await opened(world)
    monkeypatch.setattr(world.store, "journal", goes_away)
    connection.say(LOST)
    await opens(world, 2)
    assert world.store.away == 0
    assert await world.states(await world.stored()) == ["connecting", "open", "connecting", "open"]


async def test_one_that_waits_for_its_first_code_goes_on_after_an_outage(world: World) -> None:
    await world.start(await world.create(wanted=True))
    world.store.away = 4
    (await world.engine.dialled(1)).say(Connecting())
    await world.reaches(state="connecting")
    assert world.store.away == 0


async def test_one_that_waits_for_the_store_ends_when_its_lease_is_found_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "FIRST_PAUSE", 0.01)
    await world.start(await world.create(paired=True, wanted=True))
    world.store.away = 10_000
    await eventually(lambda: world.store.away < 10_000, what="a try to read")
    await world.sessions.end("shop", logout=False, lost=True)
    assert world.sessions.names == []
    assert world.engine.tries == 0
