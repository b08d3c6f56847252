"""A worker among others: its share of what nobody runs, what it gives away, and where it sends what it cannot run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import pytest

from pombo_common.model.commands import InstanceConnect, InstanceCreate, InstancePresence, SettingsSet
from pombo_common.model.settings import Settings
from pombo_common.ports.bus import Again, PassOn
from pombo_common.ports.records import WorkerBeat
from pombo_worker.engines.port import Account, Connecting, Opened, QrShown
from pombo_worker.sessions import adoption, hand_over
from pombo_worker.sessions.adoption import Adopter
from pombo_worker.sessions.hand_over import HandOver
from pombo_worker.sessions.taken_lease import take_lease
from tests.support.waiting import eventually
from tests.unit.worker.test_consumer import answer, give
from tests.unit.worker.world import LEASE_SECONDS, World, build_world

pytestmark = pytest.mark.asyncio

OTHER = "worker-2"
ME = Account(id="5511999990000:3@s.whatsapp.net")
SWITCHES = msgspec.structs.asdict(Settings())
CREATE = InstanceCreate(id="c1", instance="new", integration="WHATSAPP-BAILEYS", qrcode=True)


@contextlib.asynccontextmanager
async def running(part: Adopter | HandOver) -> AsyncIterator[None]:
    """Let a part run beside the body."""
    task = asyncio.create_task(part.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def adopter(world: World, lease_seconds: float = LEASE_SECONDS) -> Adopter:
    """Make an adopter into the world's sessions."""
    return Adopter(
        world.store,
        world.bus,
        world.events,
        world.sessions,
        pool=world.pool,
        turns=world.turns,
        lease_seconds=lease_seconds,
    )


def handing(world: World, lease_seconds: float = 0.1) -> HandOver:
    """Make what hands the world's sessions over, looking often."""
    return HandOver(
        world.store,
        world.sessions,
        pool=world.pool,
        turns=world.turns,
        lease_seconds=lease_seconds,
        drain_seconds=25.0,
    )


async def peer(world: World, *, worker: str = OTHER, sessions: int = 0, **more: object) -> None:
    """Let another worker say that it lives."""
    beat = WorkerBeat(id=worker, sessions=sessions)
    await world.store.beat(msgspec.structs.replace(beat, **more), 60)


async def opened(world: World, count: int) -> list[str]:
    """Run so many open sessions here; returns their names."""
    names = [f"i{number}" for number in range(count)]
    for number, name in enumerate(names, start=1):
        await world.start(await world.create(name, paired=True, wanted=True))
        (await world.engine.dialled(number)).say(Connecting(), Opened(account=ME))
        await world.reaches(name, phase="open")
    return names


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for logins that no test makes."""
    monkeypatch.setattr(adoption, "LOGIN_SECONDS", 0.0)


@pytest.fixture
def looks(world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of unowned sessions that were found, one for each look."""
    found: list[int] = []
    abandoned = world.store.abandoned

    async def counted() -> list[str]:
        names = await abandoned()
        found.append(len(names))
        return names

    monkeypatch.setattr(world.store, "abandoned", counted)
    return found


@pytest.mark.usefixtures("swift")
async def test_a_worker_takes_its_share_and_leaves_the_rest_to_the_others(
    world: World, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adoption, "ROUND_SECONDS", 0.05)
    for number in range(6):
        await world.create(f"i{number}", paired=True, wanted=True)
    await peer(world)
    async with running(adopter(world)):
        await world.engine.dialled(3)
        before = len(looks)
        await eventually(lambda: len(looks) > before + 5, what="more looks")
    assert len(world.sessions.names) == 3


@pytest.mark.usefixtures("swift")
async def test_what_the_others_leave_for_a_lease_time_is_taken_all_the_same(world: World) -> None:
    for number in range(4):
        await world.create(f"i{number}", paired=True, wanted=True)
    await peer(world, sessions=0)
    async with running(adopter(world, 0.1)):
        await eventually(lambda: len(world.sessions.names) == 4, what="all sessions here")


@pytest.mark.usefixtures("swift")
async def test_no_more_than_the_capacity_is_adopted_however_long_it_waits(world: World, looks: list[int]) -> None:
    full = build_world(world.store, world.clock, worker="small", capacity=2)
    for number in range(4):
        await world.create(f"i{number}", paired=True, wanted=True)
    async with running(adopter(full, 0.05)):
        await eventually(lambda: len(looks) > 10 and len(full.sessions.names) == 2, what="many looks")
    assert len(full.sessions.names) == 2
    await full.sessions.end_all()


@pytest.mark.usefixtures("swift")
async def test_a_released_lease_is_taken_at_once(world: World) -> None:
    stored = await world.create(paired=True, wanted=True)
    epoch = await world.lease(stored, OTHER)
    async with running(adopter(world)):
        await eventually(world.store.workers, what="the first look")
        # The next look by the clock would be seconds away.
        await world.store.release("shop", stored.instance.id, epoch)
        await eventually(lambda: world.sessions.names == ["shop"], seconds=2.0, what="the session here")


async def test_the_surplus_is_given_to_a_worker_that_joined_and_no_more(world: World) -> None:
    names = await opened(world, 6)
    joined = build_world(world.store, world.clock, worker="joined")
    await joined.pool.refresh()
    async with running(handing(world)), running(adopter(joined)):

        async def even() -> bool:
            return len(world.sessions.names) == len(joined.sessions.names) == 3

        await eventually(even, what="three sessions each")
    assert sorted([*world.sessions.names, *joined.sessions.names]) == sorted(names)
    assert sum(connection.closes == [False] for connection in world.engine.connections) == 3
    assert world.engine.live == 3
    await joined.sessions.end_all()


async def test_a_session_that_shows_a_code_is_not_moved(world: World, looks: list[int]) -> None:
    for number in range(1, 5):
        await world.start(await world.create(f"i{number}", wanted=True))
        (await world.engine.dialled(number)).say(Connecting(), QrShown(code="2@code", seconds=60))
        await world.reaches(f"i{number}", phase="qr")
    await peer(world)
    async with running(handing(world)):
        await eventually(lambda: len(looks) >= 4, what="several looks at a surplus")
    assert world.engine.live == 4


async def test_a_worker_that_stops_hands_everything_over_and_passes_commands_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody plays WhatsApp for the sessions that the other has begun.
    monkeypatch.setattr(hand_over, "TAKEN_SECONDS", 0.2)
    names = await opened(world, 5)
    other = build_world(world.store, world.clock, worker=OTHER)
    await other.pool.refresh()
    async with running(adopter(other)):
        await handing(world).drain()
        assert world.sessions.names == []
        await eventually(lambda: sorted(other.sessions.names) == names, what="all of them run elsewhere")
    assert await give(world, InstanceConnect(id="a", instance=names[0])) == PassOn(worker=OTHER)
    assert await give(world, SettingsSet(id="b", instance=names[0], **SWITCHES)) == PassOn(worker=OTHER)
    assert await give(world, CREATE) == PassOn(worker=OTHER)
    assert [beat.id for beat in await world.store.workers() if beat.draining] == [world.sessions.worker]
    await other.sessions.end_all()


async def test_the_last_worker_stops_without_waiting_for_anybody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_over, "TAKEN_SECONDS", 60.0)
    names = await opened(world, 2)
    await peer(world, draining=True)
    await handing(world).drain()
    assert sorted(world.sessions.names) == names
    # What would need a session here waits for whoever comes next.
    assert await give(world, CREATE) == Again()


async def test_a_full_worker_passes_on_to_the_least_loaded_one_with_room(world: World) -> None:
    full = build_world(world.store, world.clock, worker="full", capacity=1)
    stored = await world.create("mine", paired=True, wanted=True)
    lease = await take_lease(world.store, stored.instance, "full", LEASE_SECONDS)
    assert lease is not None
    full.sessions.start(stored, lease, None)
    await peer(world, worker="busy", sessions=7)
    await peer(world, worker="small", sessions=2, capacity=2)
    await peer(world, worker="idle", sessions=3)
    await peer(world, worker="leaving", sessions=0, draining=True)
    await world.create("closed", phase="stopped")
    assert await give(full, CREATE) == PassOn(worker="idle")
    assert await give(full, InstanceConnect(id="a", instance="closed")) == PassOn(worker="idle")
    assert await world.store.command("new", CREATE.id) is None
    # What needs no room is done here.
    assert (await answer(full, InstanceConnect(id="b", instance="mine")))["ok"] is True
    assert (await answer(full, msgspec.structs.replace(CREATE, qrcode=False)))["ok"] is True
    await full.sessions.end_all()


async def test_a_full_pool_says_first_what_is_wrong_with_the_command(world: World) -> None:
    full = build_world(world.store, world.clock, worker="full", capacity=1)
    assert full.pool.take_seat()
    await world.create("taken")
    for number, (wrong, status, code) in enumerate(
        [
            ({"instance": "taken"}, 403, "name_taken"),
            ({"instance": "a/b"}, 400, "bad_name"),
            ({"number": "12"}, 400, "bad_number"),
            ({"integration": "WHATSAPP"}, 400, "bad_integration"),
        ]
    ):
        reply = await answer(full, msgspec.structs.replace(CREATE, id=f"w{number}", **wrong))
        assert (reply["error"]["status"], reply["error"]["code"]) == (status, code)
    await world.create("closed", phase="stopped")
    bad = InstanceConnect(id="x", instance="closed", number="5511999990000", code="I")
    assert (await answer(full, bad))["error"]["code"] == "bad_code"
    assert (await answer(full, InstanceConnect(id="y", instance="nobody")))["error"]["code"] == "unknown_instance"


async def test_without_room_anywhere_nothing_is_created_and_the_reply_stands(world: World) -> None:
    full = build_world(world.store, world.clock, worker="full", capacity=1)
    assert full.pool.take_seat()
    await peer(world, sessions=2, capacity=2)
    reply = await answer(full, CREATE)
    assert (reply["error"]["status"], reply["error"]["code"]) == (503, "no_capacity")
    assert await world.store.instance("new") is None
    await world.create("closed", phase="stopped")
    assert (await answer(full, InstanceConnect(id="a", instance="closed")))["error"]["code"] == "no_capacity"
    full.pool.leave_seat()
    assert await answer(full, CREATE) == reply
    assert (await answer(full, msgspec.structs.replace(CREATE, id="c2")))["ok"] is True
    await full.sessions.end_all()


async def test_a_presence_for_a_session_between_two_workers_waits_for_the_next_one(world: World) -> None:
    await world.create(paired=True, wanted=True, state="open", phase="open")
    assert await give(world, InstancePresence(id="p", instance="shop", presence="available")) == Again()
    assert await world.store.command("shop", "p") is None


@pytest.mark.usefixtures("swift")
async def test_after_an_outage_each_session_is_left_to_its_last_owner_first(world: World) -> None:
    for name in ("ours", "theirs"):
        await world.create(name, paired=True, wanted=True)
    world.sessions.lapsed.add("ours")
    part = adopter(world)
    part._away_since = asyncio.get_running_loop().time() - LEASE_SECONDS  # noqa: SLF001 - an outage of a whole lease
    async with running(part):
        await world.engine.dialled(1)
        await eventually(lambda: world.sessions.names == ["ours"], what="our own session")
    assert world.sessions.names == ["ours"]
    assert (await world.stored("theirs")).lease is None
