"""The workers' table: who lives and how much it runs; and the word that a lease is free to be taken."""

import pytest

from pombo_common.model.instance import Live
from pombo_common.ports.changes import Change, Held
from pombo_common.ports.records import WorkerBeat
from pombo_common.ports.store import Store
from tests.contract.store.examples import create, lease, new_id, reached
from tests.contract.store.harness import StoreFactory

pytestmark = pytest.mark.asyncio

SHORT = 0.1
QUIET = 0.1
DEADLINE = 30.0


async def test_workers_are_those_that_beat_with_what_they_said_last(store_factory: StoreFactory) -> None:
    here, there = await store_factory.open(), await store_factory.open()
    assert await here.workers() == []
    await here.beat(WorkerBeat(id="w2", sessions=1), 60)
    await there.beat(WorkerBeat(id="w1", sessions=3, capacity=5, draining=True), 60)
    await here.beat(WorkerBeat(id="w2", sessions=2, capacity=7), 60)
    said = [
        WorkerBeat(id="w1", sessions=3, capacity=5, draining=True),
        WorkerBeat(id="w2", sessions=2, capacity=7),
    ]
    assert await here.workers() == await there.workers() == said


async def test_who_does_not_beat_in_time_vanishes_and_may_come_back(store: Store) -> None:
    await store.beat(WorkerBeat(id="steady", sessions=0), 60)
    await store.beat(WorkerBeat(id="late", sessions=0), SHORT)

    async def alone() -> bool:
        return [beat.id for beat in await store.workers()] == ["steady"]

    await reached(alone, what="the end of the late one's time")
    await store.beat(WorkerBeat(id="late", sessions=4), 60)
    assert [(beat.id, beat.sessions) for beat in await store.workers()] == [("late", 4), ("steady", 0)]


async def test_a_beat_in_time_extends_it(store: Store) -> None:
    await store.beat(WorkerBeat(id="w", sessions=0), SHORT)
    await store.beat(WorkerBeat(id="w", sessions=0), 60)
    end = await store.now() + 2 * SHORT * 1000

    async def past() -> bool:
        return await store.now() > end

    await reached(past, what="the first end of its time")
    assert [beat.id for beat in await store.workers()] == ["w"]


async def test_who_leaves_is_gone_at_once(store: Store) -> None:
    for worker in ("w1", "w2"):
        await store.beat(WorkerBeat(id=worker, sessions=0), 60)
    await store.leave("w1")
    await store.leave("unknown")
    assert [beat.id for beat in await store.workers()] == ["w2"]


async def test_a_released_lease_of_a_wanted_instance_is_told_to_all(store: Store) -> None:
    instance_id = await create(store, "a", live=Live(since=1, wanted=True))
    epoch = await lease(store, "a", instance_id)
    async with store.released() as first, store.released() as second:
        await store.release("a", instance_id, Held("w1", epoch))
        assert await first.changed(DEADLINE)
        assert await second.changed(DEADLINE)
        assert not await first.changed(QUIET)


async def test_a_release_that_leaves_nothing_to_take_is_not_told(store: Store) -> None:
    wanted = await create(store, "wanted", live=Live(since=1, wanted=True))
    idle = await create(store, "idle")
    epochs = [await lease(store, "wanted", wanted), await lease(store, "idle", idle)]
    async with store.released() as watch:
        await store.release("wanted", wanted, Held("w1", epochs[0] + 1))
        await store.release("wanted", wanted, Held("w2", epochs[0]))
        await store.release("wanted", new_id(), Held("w1", epochs[0]))
        await store.release("idle", idle, Held("w1", epochs[1]))
        await store.apply("wanted", Change(instance_id=wanted, live=Live(since=2)))
        await store.release("wanted", wanted, Held("w1", epochs[0]))
        assert not await watch.changed(QUIET)
