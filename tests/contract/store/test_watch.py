"""Watches: told of changes of record, live state and existence of one instance, and of nothing else."""

import asyncio

import pytest

from pombo_common.model.instance import Live
from pombo_common.ports.changes import Change, KeyEntry, Verdict
from pombo_common.ports.store import Store, Watch
from tests.contract.store.examples import create, creation, new_id, record

pytestmark = pytest.mark.asyncio

DEADLINE = 30.0
QUIET = 0.1


async def told_of_creation(store: Store, name: str) -> str:
    """Create an instance, and return its id once watchers know: a cluster's nodes tell each other a moment later."""
    async with store.watch(name) as watch:
        instance_id = await create(store, name)
        assert await watch.changed(DEADLINE)
    return instance_id


async def test_what_changed_before_the_wait_is_not_missed(store: Store) -> None:
    instance_id = await told_of_creation(store, "a")
    async with store.watch("a") as watch:
        await store.apply("a", Change(instance_id=instance_id, live=Live(since=2)))
        assert await watch.changed(DEADLINE)
        assert not await watch.changed(QUIET)


async def test_a_waiter_is_woken(store: Store) -> None:
    instance_id = await create(store, "a")
    async with store.watch("a") as watch:
        waiting = asyncio.create_task(watch.changed(DEADLINE))
        await store.apply("a", Change(instance_id=instance_id, live=Live(since=2)))
        assert await waiting


async def test_creation_record_and_deletion_are_noticed(store: Store) -> None:
    instance_id = new_id()
    async with store.watch("a") as watch:
        for change in (
            creation("a", instance_id),
            Change(instance_id=instance_id, instance=record("a", instance_id, version=2)),
            Change(instance_id=instance_id, delete=True),
        ):
            assert (await store.apply("a", change)).verdict is Verdict.APPLIED
            assert await watch.changed(DEADLINE)


async def test_what_was_before_the_watch_is_not_told(store: Store) -> None:
    instance_id = await told_of_creation(store, "a")
    async with store.watch("a") as watch:
        assert not await watch.changed(QUIET)
        await store.apply("a", Change(instance_id=instance_id, live=Live(since=2)))
        await store.apply("a", Change(instance_id=instance_id, live=Live(since=3)))
        assert await watch.changed(DEADLINE)


async def test_others_refusals_and_material_are_not_told(store: Store) -> None:
    instance_id = await told_of_creation(store, "a")
    neighbour = await create(store, "ab")
    async with store.watch("a") as watch:
        await store.apply("ab", Change(instance_id=neighbour, live=Live(since=2)))
        await store.apply("a", Change(instance_id=instance_id, version=9, live=Live(since=2)))
        await store.apply("a", Change(instance_id=instance_id, creds=b"c", keys=(KeyEntry("s", "1", b"k"),)))
        await store.acquire("a", instance_id, "w1", 60)
        assert not await watch.changed(QUIET)


async def test_everyone_who_watches_is_told_and_leaving_disturbs_nobody(store: Store) -> None:
    instance_id = await create(store, "a")

    async def wait_for(watch: Watch) -> bool:
        return await watch.changed(DEADLINE)

    async with store.watch("a") as stays, store.watch("a") as other:
        async with store.watch("a"):
            pass
        waits = [asyncio.create_task(wait_for(watch)) for watch in (stays, other)]
        await store.apply("a", Change(instance_id=instance_id, live=Live(since=2)))
        assert await asyncio.gather(*waits) == [True, True]


async def test_the_change_is_readable_when_it_is_told(store: Store) -> None:
    instance_id = await create(store, "a")
    async with store.watch("a") as watch:
        for since in range(2, 40):
            writing = asyncio.create_task(store.apply("a", Change(instance_id=instance_id, live=Live(since=since))))
            seen = 0
            while seen != since:
                assert await watch.changed(DEADLINE)
                stored = await store.instance("a")
                assert stored is not None
                seen = stored.live.since
            await writing
