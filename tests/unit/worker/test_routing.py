"""Which worker carries a command out: the session's owner, one with room, or the one that has it."""

import msgspec
import pytest

from pombo_common.model.commands import InstanceConnect, InstanceCreate, InstanceDelete, InstancePresence, WebhookSet
from pombo_common.model.settings import WebhookInput
from pombo_common.ports.bus import Again, PassOn
from pombo_common.ports.records import CommandRecord
from pombo_common.sealing import command_fingerprints
from pombo_worker.engines.port import Route
from pombo_worker.events import now_ms
from pombo_worker.sessions.taken_lease import take_lease
from tests.unit.worker.commanding import answer, give
from tests.unit.worker.world import LEASE_SECONDS, World
from tests.unit.worker.world_building import build_world, peer

pytestmark = pytest.mark.asyncio

CREATE = InstanceCreate(id="c1", instance="new", integration="WHATSAPP-BAILEYS", qrcode=True)


async def test_a_command_about_a_session_goes_to_its_owner(world: World) -> None:
    stored = await world.create(paired=True, wanted=True)
    await world.lease(stored, "worker-2")
    for command in (InstanceConnect(id="a", instance="shop"), InstanceDelete(id="b", instance="shop")):
        assert await give(world, command) == PassOn(worker="worker-2")
        # It left no trace: the owner starts it.
        assert await world.store.command("shop", command.id) is None
    # Configuration needs no owner.
    webhook = WebhookSet(id="c", instance="shop", webhook=WebhookInput(url="http://receiver.test"))
    assert (await answer(world, webhook))["ok"] is True
    # What was passed on to us follows the session, which has moved on.
    assert await give(world, InstanceConnect(id="d", instance="shop"), addressed=True) == PassOn(worker="worker-2")


async def test_who_takes_the_lease_at_the_last_moment_gets_the_command_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, acquire = await world.create(paired=True), world.store.acquire

    async def too_slow(name: str, instance_id: str, owner: str, seconds: float, last: int) -> int | None:
        assert await acquire(name, instance_id, "worker-2", seconds)
        return await acquire(name, instance_id, owner, seconds, last)

    monkeypatch.setattr(world.store, "acquire", too_slow)
    command = InstanceConnect(id="a", instance=stored.instance.name)
    assert await give(world, command) == PassOn(worker="worker-2")
    record = await world.store.command("shop", "a")
    assert record is not None
    assert record.outcome is None
    # The other may have let it go again by now: then it comes here once more.
    monkeypatch.setattr(world.store, "acquire", acquire)
    lease = (await world.stored()).lease
    assert lease is not None
    await world.store.release("shop", stored.instance.id, lease.held)
    assert (await answer(world, command))["ok"] is True


async def test_our_own_sessions_commands_stay_here(world: World) -> None:
    await world.start(await world.create(paired=True, wanted=True))
    assert (await answer(world, InstanceConnect(id="a", instance="shop")))["ok"] is True
    assert world.engine.tries <= 1


async def test_a_full_worker_passes_on_to_the_least_loaded_one_with_room(world: World) -> None:
    full = build_world(world.store, world.clock, worker="full", capacity=1)
    stored = await world.create("mine", paired=True, wanted=True)
    lease = await take_lease(world.store, stored.instance, "full", LEASE_SECONDS)
    assert lease is not None
    full.sessions.start(lease.stored, lease, Route())
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


PRESENCE = InstancePresence(id="p", instance="shop", presence="available", not_after=1_000)


@pytest.mark.parametrize("owner", [None, "worker-2"])
async def test_what_can_go_nowhere_is_refused_once_its_time_is_over(world: World, owner: str | None) -> None:
    stored = await world.create(paired=True, wanted=True, state="open", phase="open")
    if owner is not None:
        await world.lease(stored, owner)
    reply = await answer(world, PRESENCE)
    assert (reply["error"]["status"], reply["error"]["code"]) == (408, "too_late")
    record = await world.store.command("shop", "p")
    assert record is not None
    assert record.state == "cancelled"
    assert await answer(world, PRESENCE) == reply
    # The same with the time that its message had.
    over = msgspec.structs.replace(PRESENCE, id="q", not_after=None)
    assert (await answer(world, over, expires_in=-5.0))["error"]["code"] == "too_late"


async def test_a_full_pool_that_drains_refuses_what_comes_too_late(world: World) -> None:
    full = build_world(world.store, world.clock, worker="full", capacity=1)
    assert full.pool.take_seat()
    await peer(world, worker="idle")
    late = msgspec.structs.replace(CREATE, not_after=1_000)
    assert (await answer(full, late))["error"]["code"] == "too_late"
    assert await give(full, msgspec.structs.replace(CREATE, id="c2")) == PassOn(worker="idle")


async def test_the_stores_clock_says_when_the_time_of_a_command_is_over(world: World) -> None:
    await world.create(paired=True, wanted=True, state="open", phase="open")
    # This machine's clock is ahead: it asks, and leaves the command its time.
    ahead = msgspec.structs.replace(PRESENCE, not_after=now_ms() - 1)
    world.clock.now = now_ms() - 60_000
    assert await give(world, ahead) == Again()
    # The time that counts is the one on record.
    await world.store.open_command("shop", "kept", command_fingerprints(PRESENCE, world.vault)[0], 60)
    assert await give(world, msgspec.structs.replace(PRESENCE, id="kept")) == Again()


async def test_what_was_started_in_time_goes_to_the_sessions_owner_after_it(world: World) -> None:
    stored = await world.create(paired=True, wanted=True, state="open", phase="open")
    first, *_ = command_fingerprints(PRESENCE, world.vault)
    record = CommandRecord(id="p", fingerprint=first, not_after=world.clock.now + 1)
    assert (await world.store.start_command("shop", record, "an earlier try")).verdict == "started"
    world.clock.advance(1)
    assert await give(world, PRESENCE) == Again()
    await world.lease(stored, "worker-2")
    assert await give(world, PRESENCE) == PassOn(worker="worker-2")
