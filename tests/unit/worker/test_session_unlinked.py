"""What an instance that no phone has linked does when WhatsApp cannot be reached, or refuses its version."""

import pytest

from pombo_worker.engines.port import Closed, Connecting, QrShown
from pombo_worker.sessions import reconnecting
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio


async def test_an_instance_that_never_reached_whatsapp_gives_up_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await world.create(wanted=True)
    await world.start(stored)
    first = await world.engine.dialled(1)
    first.say(Connecting(), Closed(code=408, message="Connection was lost", origin="network"))
    second = await world.engine.dialled(2)
    assert (await world.live()).reason == "cannot-reach-whatsapp"
    monkeypatch.setattr(reconnecting, "UNREACHED_SECONDS", 0.0)
    second.say(Closed(code=408, message="Connection was lost", origin="network"))
    live = await world.reaches(phase="stopped")
    await world.gone()
    assert (live.state, live.reason, live.wanted) == ("close", "cannot-reach-whatsapp", False)
    assert await world.states(stored) == ["connecting", "connecting", "close"]
    told = [data["reason"] for kind, data in await world.log(stored) if kind == "connection.update"]
    assert told == [None, "cannot-reach-whatsapp", "cannot-reach-whatsapp"]


async def test_an_instance_that_showed_a_code_has_its_minute_anew_and_then_gives_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnecting, "UNREACHED_SECONDS", 0.0)
    lost = Closed(code=428, message="", origin="network")
    stored = await world.create(wanted=True)
    await world.start(stored)
    for number in (1, 2):
        connection = await world.engine.dialled(number)
        connection.say(Connecting(), QrShown(code=f"2@{number}", seconds=60), lost)
        # The minute begins with the first loss after a code.
        await world.engine.dialled(number + 1)
        live = await world.live()
        assert (live.reason, live.qr) == ("connection-lost", None)
    world.engine.connections[-1].say(lost)
    live = await world.reaches(phase="stopped")
    await world.gone()
    assert (live.state, live.reason, live.wanted) == ("close", "cannot-reach-whatsapp", False)
    assert (await world.stored()).lease is None


async def test_an_unlinked_instance_whose_version_is_refused_says_so_and_looks_for_another(world: World) -> None:
    refused = Closed(code=405, message="Connection Failure", origin="server")
    stored = await world.create(wanted=True)
    await world.start(stored)
    first = await world.engine.dialled(1)
    first.say(Connecting(), refused)
    second = await world.engine.dialled(2)
    assert (await world.live()).reason == "outdated-version"
    assert (first.dial.outdated, second.dial.outdated) == (False, True)
    second.say(Connecting(), Closed(code=408, message="Connection was lost", origin="network"))
    third = await world.engine.dialled(3)
    assert (await world.live()).reason == "cannot-reach-whatsapp"
    assert not third.dial.outdated


async def test_an_adopter_of_a_session_whose_version_was_refused_looks_for_another(world: World) -> None:
    stored = await world.create(paired=True, wanted=True, phase="waiting", reason="outdated-version")
    await world.start(stored)
    assert (await world.engine.dialled(1)).dial.outdated
