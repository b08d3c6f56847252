"""A worker among others: its share of what nobody runs, and what it gives away."""

import asyncio

import msgspec
import pytest

from pombo_common.model.commands import InstanceConnect, InstanceCreate, SettingsSet
from pombo_common.model.messages import MessageText
from pombo_common.model.settings import Settings
from pombo_common.ports.bus import Again, PassOn
from pombo_common.ports.changes import Held
from pombo_worker.engines.port import Account, Connecting, Opened, QrShown
from pombo_worker.sessions import adoption, hand_over
from pombo_worker.sessions.hand_over import HandOver
from tests.support.waiting import eventually
from tests.unit.worker.commanding import answer, give
from tests.unit.worker.world import LEASE_SECONDS, World
from tests.unit.worker.world_building import adopter, build_world, peer, running

pytestmark = pytest.mark.asyncio

OTHER = "worker-2"
ME = Account(id="5511999990000:3@s.whatsapp.net")
SWITCHES = msgspec.structs.asdict(Settings())
CREATE = InstanceCreate(id="c1", instance="new", integration="WHATSAPP-BAILEYS", qrcode=True)


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
async def test_a_released_lease_is_taken_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "ROUND_SECONDS", 60.0)
    stored = await world.create(paired=True, wanted=True)
    epoch = await world.lease(stored, OTHER)
    async with running(adopter(world, 180.0)):
        await eventually(world.store.workers, what="the first look")
        # The next look by the clock would be a minute away.
        await world.store.release("shop", stored.instance.id, Held(OTHER, epoch))
        await eventually(lambda: world.sessions.names == ["shop"], seconds=30.0, what="the session here")


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


async def test_a_session_is_handed_over_when_what_waits_in_it_was_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_over, "TAKEN_SECONDS", 0.2)
    (name,) = await opened(world, 1)
    connection = world.engine.connections[0]
    connection.typed.clear()
    text = MessageText(id="t", instance=name, number="15557770001", text="Good day", delay=40_000)
    sending = asyncio.create_task(answer(world, text))
    await eventually(lambda: connection.presences == ["composing"], what="that somebody types")
    await peer(world)
    draining = asyncio.create_task(handing(world).drain())
    await eventually(lambda: world.turns.waiting(name).locked(), what="the hand-over at the door")
    assert world.sessions.names == [name]
    connection.typed.set()
    assert (await sending)["ok"]
    await draining
    assert (len(connection.sent), world.sessions.names) == (1, [])


async def test_the_last_worker_stops_without_waiting_for_anybody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_over, "TAKEN_SECONDS", 60.0)
    names = await opened(world, 2)
    await peer(world, draining=True)
    await handing(world).drain()
    assert sorted(world.sessions.names) == names
    # What would need a session here waits for whoever comes next.
    assert await give(world, CREATE) == Again()


@pytest.mark.usefixtures("swift")
async def test_after_an_outage_each_session_is_left_to_its_last_owner_first(world: World) -> None:
    for name in ("ours", "theirs"):
        await world.create(name, paired=True, wanted=True)
    world.sessions.lapsed["ours"] = 1
    part = adopter(world)
    part._away_since = asyncio.get_running_loop().time() - LEASE_SECONDS  # noqa: SLF001 - an outage of a whole lease
    async with running(part):
        await world.engine.dialled(1)
        await eventually(lambda: world.sessions.names == ["ours"], what="our own session")
    assert world.sessions.names == ["ours"]
    assert (await world.stored("theirs")).lease is None
