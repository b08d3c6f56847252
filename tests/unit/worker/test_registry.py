"""The sessions of one worker: renewed together, ended with their sockets gone, one for each name."""

import asyncio

import pytest

from pombo_common.model.errors import PomboError
from pombo_common.ports.changes import Held
from pombo_common.sandbox import SandboxEndpoint
from pombo_worker.engines.port import Closed, Connecting, Route
from pombo_worker.sessions.parts import SessionParts
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.routes import Routes
from pombo_worker.sessions.taken_lease import OWNED_PART, TakenLease
from tests.support.waiting import eventually
from tests.unit.worker.scripted_engine import ScriptedConnection
from tests.unit.worker.world import LEASE_SECONDS, WORKER, World
from tests.unit.worker.world_building import session_settings

pytestmark = pytest.mark.asyncio


async def test_ending_closes_the_socket_first_and_gives_the_lease_back(world: World) -> None:
    stored = await world.create(paired=True, wanted=True)
    epoch = await world.start(stored)
    await world.engine.dialled(1)
    assert world.sessions.held() == {"shop": epoch}
    assert world.sessions.running("shop", stored.instance.id)
    assert not world.sessions.running("shop", "another id")
    await world.sessions.end("shop", logout=True)
    assert world.engine.connections[0].closes == [True]
    assert (await world.stored()).lease is None
    assert world.sessions.names == []
    # An ended session is still wanted: whoever ended it says what comes next.
    assert await world.store.abandoned() == ["shop"]


async def test_ending_what_does_not_run_is_no_error(world: World) -> None:
    await world.sessions.end("nobody", logout=True)
    world.sessions.renewed("nobody", 5.0)


async def test_a_session_that_is_ended_while_it_dials_leaves_no_socket(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialling, go_on = asyncio.Event(), asyncio.Event()
    dial = world.engine.dial

    async def slow(*given: object) -> ScriptedConnection:
        dialling.set()
        await go_on.wait()
        return await dial(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(world.engine, "dial", slow)
    await world.start(await world.create(paired=True, wanted=True))
    await dialling.wait()
    ending = asyncio.create_task(world.sessions.end("shop", logout=False))
    go_on.set()
    await ending
    assert world.engine.live == 0
    assert (await world.stored()).lease is None


async def test_a_lease_counts_from_when_it_was_asked_for_until_a_renewal_that_comes_while_a_host_starts(
    world: World,
) -> None:
    asked_at = asyncio.get_running_loop().time() - 4.0
    stored = await world.create(paired=True, wanted=True)
    # What came between the lease and the session, a slow Store or a stopped process, is no time of the lease's.
    world.sessions.start(stored, TakenLease(stored, Held(WORKER, await world.lease(stored)), asked_at), Route())
    dial = (await world.engine.dialled(1)).dial
    assert dial.owned_until() == asked_at + LEASE_SECONDS * OWNED_PART
    # An engine that looks for a host meanwhile reads the time when it has found one.
    world.sessions.renewed("shop", LEASE_SECONDS)
    assert dial.owned_until() > asked_at + LEASE_SECONDS


async def test_a_worker_that_stops_hands_all_leases_back_at_once(world: World) -> None:
    names = ["a", "b", "c"]
    for name in names:
        await world.start(await world.create(name, paired=True, wanted=True))
    await world.engine.dialled(3)
    await world.sessions.end_all()
    assert world.engine.live == 0
    assert [connection.closes for connection in world.engine.connections] == [[False]] * 3
    assert sorted(await world.store.abandoned()) == names


async def test_renewals_reach_the_connection_of_their_name(world: World) -> None:
    for name in ("a", "b"):
        await world.start(await world.create(name, paired=True, wanted=True))
        await world.engine.dialled(len(world.sessions.names))
    await eventually(lambda: world.engine.live == 2, what="two connections")
    world.sessions.renewed("b", 9.5)
    assert [connection.renewals for connection in world.engine.connections] == [[], [9.5]]


async def test_the_end_of_an_old_session_leaves_the_new_one_of_its_name_alone(world: World) -> None:
    stored = await world.create(paired=True, wanted=True)
    await world.start(stored)
    first = await world.engine.dialled(1)
    epoch = await world.start(stored)
    await world.engine.dialled(2)
    first.say(Connecting())
    await eventually(lambda: not first.live, what="the end of the older session")
    assert world.sessions.held() == {"shop": epoch}
    lease = (await world.stored()).lease
    assert lease is not None
    assert (lease.owner, lease.epoch) == (WORKER, epoch)
    first.say(Closed(code=None, message="", origin="local"))
    assert world.engine.live == 1


class Simulator:
    """A sandbox that can be away."""

    def __init__(self) -> None:
        self.away = False

    async def endpoint(self) -> SandboxEndpoint:
        """Return an address, or raise."""
        if self.away:
            raise PomboError(503, "sandbox_unavailable", "no")
        return SandboxEndpoint(url="http://127.0.0.1:1", key="k")


async def test_where_sessions_dial(world: World) -> None:
    simulator = Simulator()
    registry = SessionRegistry(
        SessionParts(
            worker=WORKER,
            store=world.store,
            wakes=world.wakes,
            vault=world.vault,
            engine=world.engine,
            events=world.events,
            settings=session_settings(),
            routes=Routes(vault=world.vault, sandbox=simulator, baileys_url="ws://elsewhere"),
        )
    )
    baileys = (await world.create()).instance
    assert await registry.address(baileys) == "ws://elsewhere"
    assert await world.sessions.address(baileys) is None
    sandboxed = type(baileys)(
        **{field: getattr(baileys, field) for field in baileys.__struct_fields__} | {"integration": "WHATSAPP-SANDBOX"}
    )
    assert await registry.address(sandboxed) == "ws://127.0.0.1:1/ws/chat"
    simulator.away = True
    with pytest.raises(PomboError):
        await registry.address(sandboxed)
