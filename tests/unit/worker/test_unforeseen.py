"""Commands on whose way something breaks that nobody foresaw: they are answered, and do not come again and again."""

import msgspec
import pytest

from pombo_common.model.commands import InstanceCreate, SettingsSet
from pombo_common.model.settings import Settings
from pombo_worker.commands import create as creation
from pombo_worker.commands.routing import Routing
from pombo_worker.sessions.registry import SessionRegistry
from tests.unit.worker.commanding import answer
from tests.unit.worker.trying_store import TryingStore
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

SETTINGS = SettingsSet(id="s1", instance="shop", **msgspec.structs.asdict(Settings(always_online=True)))
CREATE = InstanceCreate(id="c1", instance="shop", integration="WHATSAPP-BAILEYS", qrcode=True)
BREAKING = {
    "before it is started": (Routing, "stored"),
    "when its session follows": (SessionRegistry, "follow"),
    "whenever it is started": (TryingStore, "start_command"),
}


@pytest.mark.parametrize("place", BREAKING)
async def test_what_nobody_foresaw_is_answered_once_instead_of_coming_again_and_again(
    world: World, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.start(await world.create(paired=True, wanted=True))

    def broken(*_: object, **__: object) -> None:
        raise ValueError(place)

    with monkeypatch.context() as breaking:
        breaking.setattr(*BREAKING[place], broken)
        reply = await answer(world, SETTINGS)
        assert await answer(world, SETTINGS) == reply
    if place == "when its session follows":
        assert reply["ok"] is True  # it is stored, and its record says so
    else:
        assert (reply["error"]["status"], reply["error"]["code"]) == (500, "internal")
        assert place not in str(reply)
    if place != "whenever it is started":
        assert await answer(world, SETTINGS) == reply


async def test_a_field_that_breaks_its_check_is_answered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError

    monkeypatch.setattr(creation, "check_create", broken)
    reply = await answer(world, CREATE)
    assert (reply["error"]["status"], reply["error"]["code"]) == (500, "internal")
