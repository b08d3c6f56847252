"""Writes of a session: repeated while the Store is away, never doubled, and refused for good when fenced."""

import msgspec
import pytest

from pombo_common.ports.bus import BusUnavailable, Wakeup
from pombo_common.ports.changes import Change, Verdict
from pombo_worker.engines.port import Fenced
from tests.support.waiting import eventually
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio


async def test_a_lost_answer_doubles_neither_state_nor_event(world: World) -> None:
    stored = await world.create()
    writer = await world.writer(stored)
    live = msgspec.structs.replace(stored.live, state="connecting", since=5)
    world.store.lost_answers = 1
    await writer.state(live, world.events.connection("shop", stored.instance.id, live))
    assert await world.live() == live
    assert await world.states(stored) == ["connecting"]
    assert len(world.store.verdicts) == 2  # the creation, and one write


async def test_an_outage_before_the_step_is_ridden_out(world: World) -> None:
    stored = await world.create()
    writer = await world.writer(stored)
    live = msgspec.structs.replace(stored.live, state="open", since=5)
    world.store.away, world.store.lost_answers = 3, 1
    await writer.state(live, world.events.connection("shop", stored.instance.id, live))
    assert (await world.live(), await world.states(stored)) == (live, ["open"])


async def test_a_lease_that_was_lost_during_the_outage_is_noticed(world: World) -> None:
    stored = await world.create()
    writer = await world.writer(stored)
    world.clock.advance(60)
    await world.lease(stored, "worker-2")
    world.store.away = 2
    with pytest.raises(Fenced):
        await writer.state(msgspec.structs.replace(stored.live, state="open"))
    assert await world.live() == stored.live


async def test_a_deleted_instance_fences_too(world: World) -> None:
    stored = await world.create()
    writer = await world.writer(stored)
    await world.store.apply("shop", Change(instance_id=stored.instance.id, delete=True))
    with pytest.raises(Fenced):
        await writer.state(stored.live)
    # So does another instance that has the name now.
    again = await world.create()
    await world.lease(again)
    with pytest.raises(Fenced):
        await writer.apply(Change(instance_id=stored.instance.id, held=writer.held, live=stored.live))
    assert world.store.verdicts[-1] is Verdict.GONE


async def test_what_is_due_is_woken(world: World) -> None:
    stored = await world.create(url="http://receiver.test")
    writer = await world.writer(stored)
    woken: list[Wakeup] = []

    async def hear(wakeup: Wakeup) -> None:
        woken.append(wakeup)

    await world.bus.hear(hear)
    await writer.state(stored.live, world.events.connection("shop", stored.instance.id, stored.live))
    await eventually(lambda: woken, what="the wake-up")
    assert woken == [Wakeup(name="shop", instance_id=stored.instance.id, destination="webhook")]


async def test_a_bus_that_is_away_fails_no_write(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = await world.create(url="http://receiver.test")
    writer = await world.writer(stored)

    async def away(_: Wakeup) -> None:
        raise BusUnavailable

    monkeypatch.setattr(world.bus, "wake", away)
    await writer.state(stored.live, world.events.connection("shop", stored.instance.id, stored.live))
    assert await world.states(stored) == ["close"]
