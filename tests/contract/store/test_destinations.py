"""Destinations: where their cursors start, which have events due."""

import pytest

from pombo_common.ports.changes import Change
from pombo_common.ports.deliveries import Cursor, DueLog
from pombo_common.ports.store import Store
from tests.contract.store.examples import (
    EVERY_BYTE,
    append,
    claimed,
    create,
    destination,
    event,
    events,
    settlement,
)

pytestmark = pytest.mark.asyncio


async def test_a_new_destination_starts_at_the_events_of_its_own_change(store: Store) -> None:
    instance_id = await create(store, "a", events=events(3))
    change = Change(instance_id=instance_id, destinations=(destination(),), events=events(2))
    assert (await store.apply("a", change)).due == ("webhook",)
    claim = await claimed(store, "a", instance_id)
    assert claim.settings == EVERY_BYTE
    assert claim.cursor == Cursor(next=4, prev=0, attempts=0, not_before=0)
    assert [entry.seq for entry in claim.events] == [4, 5]
    assert claim.head == 5


async def test_one_that_comes_with_the_instance_gets_everything(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(2))
    claim = await claimed(store, "a", instance_id)
    assert (claim.cursor.next, [entry.seq for entry in claim.events]) == (1, [1, 2])


async def test_without_events_nothing_is_due(store: Store) -> None:
    instance_id = await create(store, "a", events=events(3))
    applied = await store.apply("a", Change(instance_id=instance_id, destinations=(destination(),)))
    assert applied.due == ()
    assert await store.due() == []
    assert await store.claim("a", instance_id, "webhook", "k", 60) is None
    assert (await store.apply("a", Change(instance_id=instance_id, events=(event(),)))).due == ("webhook",)
    assert await store.due() == [DueLog(name="a", instance_id=instance_id, destination="webhook", not_before=0)]


async def test_new_settings_keep_cursor_and_claim(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(5))
    await claimed(store, "a", instance_id)
    assert await store.settle("a", instance_id, settlement("k1", 2, keep_seconds=60))
    await store.apply("a", Change(instance_id=instance_id, destinations=(destination(settings=b"new"),)))
    assert await store.claim("a", instance_id, "webhook", "k2", 60) is None
    assert (await claimed(store, "a", instance_id, "k1")).cursor == Cursor(next=3, prev=2)
    assert await store.settle("a", instance_id, settlement("k1", 3))
    claim = await claimed(store, "a", instance_id, "k2")
    assert (claim.settings, claim.cursor) == (b"new", Cursor(next=4, prev=3))


async def test_a_dropped_destination_loses_cursor_and_claim(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(5))
    await claimed(store, "a", instance_id)
    dropped = await store.apply(
        "a", Change(instance_id=instance_id, destinations=(destination(settings=None),), events=events(1))
    )
    assert dropped.due == ()
    assert await store.due() == []
    assert not await store.settle("a", instance_id, settlement("k1", 5))
    assert await store.claim("a", instance_id, "webhook", "k1", 60) is None
    await store.apply("a", Change(instance_id=instance_id, destinations=(destination(settings=None),)))
    await store.apply("a", Change(instance_id=instance_id, destinations=(destination(),), events=events(1)))
    assert not await store.settle("a", instance_id, settlement("k1", 5))
    claim = await claimed(store, "a", instance_id, "k2")
    assert (claim.cursor, [entry.seq for entry in claim.events]) == (Cursor(next=7), [7])


async def test_destinations_stand_apart(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(), destination("sqs", b"q")), events=events(4))
    await claimed(store, "a", instance_id)
    other = await store.claim("a", instance_id, "sqs", "k2", 60)
    assert other is not None
    assert (other.settings, other.cursor.next) == (b"q", 1)
    assert await store.settle("a", instance_id, settlement("k1", 4))
    assert (await store.apply("a", Change(instance_id=instance_id))).due == ("sqs",)
    await append(store, "a", instance_id, 1)
    assert set((await store.apply("a", Change(instance_id=instance_id))).due) == {"sqs", "webhook"}


async def test_due_names_every_unclaimed_destination_of_every_instance(store: Store) -> None:
    names = [f"n{number} x@y" for number in range(12)]
    ids = {
        name: await create(store, name, destinations=(destination(), destination("sqs")), events=events(1))
        for name in names
    }
    await create(store, "quiet", destinations=(destination(),))
    await create(store, "without", events=events(1))
    await claimed(store, names[0], ids[names[0]])
    await claimed(store, names[1], ids[names[1]])
    assert await store.settle(names[1], ids[names[1]], settlement("k1", 1))
    expected = {(name, ids[name], sink) for name in names for sink in ("webhook", "sqs")}
    expected -= {(names[0], ids[names[0]], "webhook"), (names[1], ids[names[1]], "webhook")}
    due = await store.due()
    assert len(due) == len(expected)
    assert {(entry.name, entry.instance_id, entry.destination) for entry in due} == expected
