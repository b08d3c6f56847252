"""A running session follows what is set, though its worker took it meanwhile, or the Store was away right after."""

from typing import Any

import msgspec
import pytest
import pytest_asyncio

from pombo_common.model.commands import PlainCommand, ProxySet, SettingsSet
from pombo_common.model.settings import ProxyInput, Settings
from pombo_common.ports.bus import Again, Done, PassOn
from pombo_common.ports.changes import Applied, Change
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import StoreUnavailable
from pombo_worker.engines.port import Account, Connecting, Opened, Route
from pombo_worker.sessions.taken_lease import take_lease
from tests.support.waiting import eventually
from tests.unit.worker.commanding import answer, give
from tests.unit.worker.scripted_engine import ScriptedConnection
from tests.unit.worker.world import LEASE_SECONDS, World
from tests.unit.worker.world_building import build_world

pytestmark = pytest.mark.asyncio

ME = Account(id="5511999990000:3@s.whatsapp.net")
OTHER = "worker-2"
SETTINGS = SettingsSet(id="s1", instance="shop", **msgspec.structs.asdict(Settings(always_online=True)))
PROXY = ProxySet(
    id="p1",
    instance="shop",
    **msgspec.structs.asdict(ProxyInput(enabled=True, host="10.0.0.1", port="3128", protocol="http")),
)


async def begun(world: World, stored: StoredInstance, worker: str) -> ScriptedConnection:
    """Take the lease and open a session with what is given, however old that is."""
    lease = await take_lease(world.store, stored.instance, worker, LEASE_SECONDS)
    assert lease is not None
    world.sessions.start(stored, lease, Route())
    connection = await world.engine.dialled(1)
    connection.say(Connecting(), Opened(account=ME))
    await world.reaches(phase="open")
    return connection


async def follows(world: World, command: PlainCommand, connection: ScriptedConnection) -> None:
    """Wait until a session has taken over what a command set."""
    if isinstance(command, SettingsSet):
        await eventually(lambda: connection.online == [True], what="that it is online, as the new settings say")
    else:
        assert (await world.engine.dialled(2)).dial.route == Route(proxy="http://10.0.0.1:3128")


@pytest_asyncio.fixture
async def stored(world: World) -> StoredInstance:
    return await world.create(paired=True, wanted=True)


def after_the_change(world: World, monkeypatch: pytest.MonkeyPatch, then: Any) -> None:  # noqa: ANN401 - a coroutine function
    """Do something right after a configuration has been changed, once."""
    apply = world.store.apply

    async def watched(name: str, change: Change) -> Applied:
        applied = await apply(name, change)
        if change.instance is not None and change.version is not None:
            monkeypatch.setattr(world.store, "apply", apply)
            await then()
        return applied

    monkeypatch.setattr(world.store, "apply", watched)


@pytest.mark.parametrize("command", [SETTINGS, PROXY], ids=["settings", "proxy"])
async def test_who_took_the_session_during_the_change_hears_of_it(
    world: World, stored: StoredInstance, command: PlainCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = build_world(world.store, world.clock, worker=OTHER)
    connections: list[ScriptedConnection] = []

    async def taken() -> None:
        # It read the instance before the change.
        connections.append(await begun(other, stored, OTHER))

    after_the_change(world, monkeypatch, taken)
    assert await give(world, command) == PassOn(worker=OTHER)
    assert (await answer(other, command))["ok"]
    await follows(other, command, connections[0])
    await other.sessions.end_all()


@pytest.mark.parametrize("command", [SETTINGS, PROXY], ids=["settings", "proxy"])
async def test_a_store_that_is_away_right_after_the_change_delays_it_only(
    world: World, stored: StoredInstance, command: PlainCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await begun(world, stored, world.sessions.worker)

    async def away() -> None:
        read = world.store.instance

        async def unanswered(_: str) -> None:
            monkeypatch.setattr(world.store, "instance", read)
            raise StoreUnavailable

        monkeypatch.setattr(world.store, "instance", unanswered)

    after_the_change(world, monkeypatch, away)
    assert await give(world, command) == Again()
    assert isinstance(await give(world, command), Done)
    await follows(world, command, connection)
