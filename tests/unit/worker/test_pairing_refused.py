"""A refused pairing code: the state says so until one is asked for again, and says nothing for a lost connection."""

import asyncio

import pytest

from pombo_common.model.commands import InstanceConnect
from pombo_common.model.instance import PAIRING_REFUSED
from pombo_worker.engines.port import Connecting, QrShown
from pombo_worker.engines.unavailable import EngineGone, EngineUnavailable
from tests.support.waiting import eventually
from tests.unit.worker.commanding import answer
from tests.unit.worker.scripted_engine import ScriptedConnection
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

NUMBER = "15557770001"
LOST = [EngineGone("the engine process ended"), EngineUnavailable("it waits for no phone", "not_pairing")]


async def showing(world: World) -> ScriptedConnection:
    """Run a session that shows a QR code."""
    await world.start(await world.create(wanted=True))
    connection = await world.engine.dialled(1)
    connection.say(Connecting(), QrShown(code="2@one", seconds=60))
    await world.reaches(phase="qr")
    return connection


async def test_a_refusal_stands_until_a_code_is_asked_for_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = await showing(world)
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def refuse(*_: object) -> str:
        raise EngineUnavailable("the server refused", "pair_failed")

    async def ponder(*_: object) -> str:
        asked.set()
        await go_on.wait()
        return "WZYEH1YY"

    monkeypatch.setattr(connection, "pair", refuse)
    assert (await answer(world, InstanceConnect(id="c1", instance="shop", number=NUMBER)))["ok"]
    await world.reaches(reason=PAIRING_REFUSED, phase="qr")
    monkeypatch.setattr(connection, "pair", ponder)
    assert (await answer(world, InstanceConnect(id="c2", instance="shop", number=NUMBER)))["ok"]
    await eventually(asked.is_set, what="that WhatsApp is asked")
    assert (await world.live()).reason is None
    go_on.set()
    await world.reaches(pairing_code="WZYEH1YY", pairing_number=NUMBER, reason=None)


@pytest.mark.parametrize("lost", LOST)
async def test_a_connection_that_went_away_is_no_refusal(
    world: World, monkeypatch: pytest.MonkeyPatch, lost: EngineUnavailable
) -> None:
    connection = await showing(world)
    asked = asyncio.Event()

    async def lose(*_: object) -> str:
        asked.set()
        raise lost

    with monkeypatch.context() as losing:
        losing.setattr(connection, "pair", lose)
        assert (await answer(world, InstanceConnect(id="c1", instance="shop", number=NUMBER)))["ok"]
        await eventually(asked.is_set, what="that WhatsApp is asked")
    connection.say(QrShown(code="2@two", seconds=20))
    await world.reaches(pairing_code="WHATSAPP", pairing_number=NUMBER)
    assert PAIRING_REFUSED not in [change.live.reason for change in world.store.applied if change.live is not None]
