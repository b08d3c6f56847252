"""Deletion: what is due lives on until it is delivered, everything else goes at once."""

import pytest

from pombo_common.model.instance import Live
from pombo_common.ports.changes import Change, JournalEntry, KeyEntry, Verdict
from pombo_common.ports.store import Store
from tests.contract.store.examples import (
    append,
    claimed,
    create,
    destination,
    event,
    events,
    lease,
    settlement,
)
from tests.contract.store.harness import StoreFactory

pytestmark = pytest.mark.asyncio


async def full(store: Store, name: str) -> str:
    """Create an instance that has some of everything; its sinks have delivered all."""
    instance_id = await create(
        store,
        name,
        live=Live(since=1, wanted=True),
        creds=b"c",
        keys=(KeyEntry("session", "a", b"k"),),
        journal=JournalEntry("j", b"j"),
        destinations=(destination(), destination("sqs")),
        events=events(3),
    )
    await lease(store, name, instance_id)
    for sink in ("webhook", "sqs"):
        claim = await store.claim(name, instance_id, sink, "k0", 60)
        assert claim is not None
        assert await store.settle(name, instance_id, settlement("k0", 3, sink=sink))
    return instance_id


async def is_unseen(store: Store, name: str, instance_id: str) -> bool:
    """Tell whether no reading method shows anything of the instance itself."""
    return (
        await store.instance(name) is None
        and await store.creds(name, instance_id) is None
        and await store.keys(name, instance_id, "session", ["a"]) == {}
        and await store.journal(name, instance_id) == []
        and name not in [stored.instance.name for stored in await store.instances()]
        and name not in await store.names_by_token(["t"])
        and name not in await store.abandoned()
    )


async def test_with_nothing_due_nothing_is_left(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    await full(store, "bystander")
    before = await store_factory.census()
    instance_id = await full(store, "a b")
    assert len(await store_factory.census()) > len(before)
    applied = await store.apply("a b", Change(instance_id=instance_id, delete=True))
    assert (applied.verdict, applied.due) == (Verdict.APPLIED, ())
    assert await is_unseen(store, "a b", instance_id)
    assert list(await store.events("a b", instance_id, 0, 10)) == []
    assert await store.dead_letters("a b", instance_id) == []
    assert await store_factory.census() == before


async def test_what_is_due_lives_on_and_then_nothing_is_left(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    before = await store_factory.census()
    instance_id = await full(store, "a")
    applied = await store.apply("a", Change(instance_id=instance_id, events=(event(),), delete=True))
    assert (applied.verdict, set(applied.due)) == (Verdict.APPLIED, {"webhook", "sqs"})
    assert await is_unseen(store, "a", instance_id)
    assert (await store.apply("a", Change(instance_id=instance_id, events=(event(),)))).verdict is Verdict.GONE
    assert {(entry.name, entry.instance_id, entry.destination) for entry in await store.due()} == {
        ("a", instance_id, "webhook"),
        ("a", instance_id, "sqs"),
    }
    assert [entry.seq for entry in await store.events("a", instance_id, 0, 10)] == [1, 2, 3, 4]
    claim = await claimed(store, "a", instance_id)
    assert (claim.cursor.next, [(entry.seq, entry.epoch) for entry in claim.events]) == (4, [(4, 1)])
    assert await store.settle("a", instance_id, settlement("k1", 4))
    assert [entry.destination for entry in await store.due()] == ["sqs"]
    other = await store.claim("a", instance_id, "sqs", "k2", 60)
    assert other is not None
    assert await store.settle("a", instance_id, settlement("k2", 4, sink="sqs"))
    assert await store.due() == []
    assert await store.dead_letters("a", instance_id) == []
    assert await store_factory.census() == before


async def test_a_delivery_under_way_goes_on_over_the_deletion(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    before = await store_factory.census()
    instance_id = await create(store, "a", destinations=(destination(),), events=events(3))
    await claimed(store, "a", instance_id)
    assert (await store.apply("a", Change(instance_id=instance_id, delete=True))).due == ("webhook",)
    assert await store.claim("a", instance_id, "webhook", "k2", 60) is None
    assert await store.settle("a", instance_id, settlement("k1", 2, keep_seconds=60))
    assert [entry.seq for entry in (await claimed(store, "a", instance_id)).events] == [3]
    assert await store.settle("a", instance_id, settlement("k1", 3))
    assert not await store.settle("a", instance_id, settlement("k1", 3))
    assert await store_factory.census() == before


async def test_the_name_is_free_at_once_and_the_two_stay_apart(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    former = await create(store, "a", destinations=(destination(settings=b"old"),), events=events(3), creds=b"old")
    await lease(store, "a", former)
    await store.apply("a", Change(instance_id=former, delete=True))
    current = await create(store, "a", destinations=(destination(settings=b"new"),), events=events(1))
    await append(store, "a", current, 1)
    assert await store.creds("a", current) is None
    assert {entry.instance_id for entry in await store.due()} == {former, current}
    assert [entry.epoch for entry in await store.events("a", current, 0, 10)] == [0, 0]
    old, new = await claimed(store, "a", former), await claimed(store, "a", current)
    assert (old.settings, old.head, len(old.events)) == (b"old", 3, 3)
    assert (new.settings, new.head, len(new.events)) == (b"new", 2, 2)
    assert await store.settle("a", former, settlement("k1", 3))
    assert list(await store.events("a", former, 0, 10)) == []
    assert [entry.seq for entry in await store.events("a", current, 0, 10)] == [1, 2]
    stored = await store.instance("a")
    assert stored is not None
    assert stored.instance.id == current


async def test_a_name_deleted_many_times_keeps_each_log_that_is_due(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    before = await store_factory.census()
    ids = []
    for _ in range(10):
        ids.append(await create(store, "a", destinations=(destination(),), events=events(1)))
        await store.apply("a", Change(instance_id=ids[-1], delete=True))
    assert sorted(entry.instance_id for entry in await store.due()) == sorted(ids)
    for instance_id in ids:
        await claimed(store, "a", instance_id)
        assert await store.settle("a", instance_id, settlement("k1", 1))
    assert await store_factory.census() == before


async def test_a_destination_dropped_with_the_instance_keeps_nothing(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    before = await store_factory.census()
    instance_id = await create(store, "a", destinations=(destination(),), events=events(3))
    change = Change(instance_id=instance_id, destinations=(destination(settings=None),), events=(event(),), delete=True)
    assert (await store.apply("a", change)).due == ()
    assert await store_factory.census() == before
