"""The event log: gapless, in one step with the state, bounded."""

import asyncio

import pytest

from pombo_common.ports.changes import Change, Verdict
from pombo_common.ports.deliveries import EventRef, Resend
from pombo_common.ports.store import Store
from tests.contract.store.examples import (
    EVERY_BYTE,
    SINK,
    append,
    claimed,
    create,
    destination,
    event,
    events,
    new_id,
    settled_line,
)
from tests.contract.store.harness import StoreFactory

pytestmark = pytest.mark.asyncio


async def test_events_are_read_back_whole_and_in_order(store: Store) -> None:
    written = (event(EVERY_BYTE, "qrcode.updated"), event(b""), event("ü".encode()))
    instance_id = await create(store, "a", events=written)
    read = await store.events("a", instance_id, 0, 10)
    assert [(entry.seq, entry.epoch) for entry in read] == [(1, 0), (2, 0), (3, 0)]
    assert [(entry.id, entry.type, entry.at, entry.body) for entry in read] == [
        (entry.id, entry.type, entry.at, entry.body) for entry in written
    ]


async def test_a_part_of_the_log_is_read_by_seq_and_limit(store: Store) -> None:
    instance_id = await create(store, "a", events=events(10))
    assert [entry.seq for entry in await store.events("a", instance_id, 4, 3)] == [5, 6, 7]
    assert [entry.seq for entry in await store.events("a", instance_id, 8, 100)] == [9, 10]
    for after, limit in ((10, 5), (99, 5), (0, 0)):
        assert list(await store.events("a", instance_id, after, limit)) == []
    assert list(await store.events("a", new_id(), 0, 5)) == []
    assert list(await store.events("b", instance_id, 0, 5)) == []


async def test_seqs_are_gapless_under_many_writers_and_a_change_stays_together(store_factory: StoreFactory) -> None:
    handles = [await store_factory.open(), await store_factory.open()]
    instance_id = await create(handles[0], "a")

    def change(number: int) -> Change:
        bodies = [f"{number}:{part}".encode() for part in range(number % 3 + 1)]
        return Change(instance_id=instance_id, events=tuple(event(body) for body in bodies))

    applied = await asyncio.gather(*(handles[number % 2].apply("a", change(number)) for number in range(150)))
    assert {one.verdict for one in applied} == {Verdict.APPLIED}
    log = await handles[0].events("a", instance_id, 0, 1000)
    assert [entry.seq for entry in log] == list(range(1, 301))
    bodies = [entry.body.decode() for entry in log]
    for number in range(150):
        start = bodies.index(f"{number}:0")
        parts = number % 3 + 1
        assert bodies[start : start + parts] == [f"{number}:{part}" for part in range(parts)]


async def test_refused_changes_take_no_seq(store: Store) -> None:
    instance_id = await create(store, "a")
    changes = [
        Change(instance_id=instance_id, version=1 + number % 2, events=(event(str(number).encode()),))
        for number in range(60)
    ]
    await asyncio.gather(*(store.apply("a", change) for change in changes))
    log = await store.events("a", instance_id, 0, 1000)
    assert [entry.seq for entry in log] == list(range(1, 31))
    assert {int(entry.body) % 2 for entry in log} == {0}


async def test_state_and_event_are_one_step(store_factory: StoreFactory) -> None:
    handles = [await store_factory.open(), await store_factory.open()]
    instance_id = await create(handles[0], "a")
    changes = [
        Change(instance_id=instance_id, creds=str(number).encode(), events=(event(str(number).encode()),))
        for number in range(80)
    ]
    await asyncio.gather(*(handles[number % 2].apply("a", change) for number, change in enumerate(changes)))
    log = await handles[0].events("a", instance_id, 0, 1000)
    assert await handles[1].creds("a", instance_id) == log[-1].body


async def test_logs_of_instances_are_apart(store: Store) -> None:
    first, second = await create(store, "a", events=events(3)), await create(store, "b", events=events(2))
    await append(store, "a", first, 1)
    assert [entry.seq for entry in await store.events("a", first, 0, 10)] == [1, 2, 3, 4]
    assert [entry.seq for entry in await store.events("b", second, 0, 10)] == [1, 2]


async def test_a_log_keeps_its_last_events_and_counts_on(store_factory: StoreFactory) -> None:
    store = await store_factory.open(log_limit=20)
    instance_id = await create(store, "a", destinations=(destination(),), events=events(15))
    await append(store, "a", instance_id, 10)
    assert [entry.seq for entry in await store.events("a", instance_id, 0, 100)] == list(range(6, 26))
    claim = await claimed(store, "a", instance_id)
    assert (claim.cursor.next, claim.head, claim.events[0].seq, len(claim.events)) == (1, 25, 6, 20)


async def test_one_change_may_hold_more_than_the_log_keeps(store_factory: StoreFactory) -> None:
    store = await store_factory.open(log_limit=5)
    instance_id = await create(store, "a", events=events(12))
    log = await store.events("a", instance_id, 0, 100)
    assert [(entry.seq, entry.body) for entry in log] == [(seq, str(seq).encode()) for seq in range(8, 13)]
    await append(store, "a", instance_id, 1)
    assert [entry.seq for entry in await store.events("a", instance_id, 0, 100)] == [9, 10, 11, 12, 13]


async def test_an_event_is_found_by_its_whole_id_and_by_no_part_of_one(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(1200))
    await settled_line(store, "a", instance_id, upto=1200)
    first, last = [(await store.events("a", instance_id, after, 1))[0] for after in (0, 1199)]
    assert [await store.event("a", instance_id, one.id) for one in (first, last)] == [first, last]
    for part in (first.id[:8], first.id[:-1], first.id[1:], first.id[4:20], "id", "", first.id + "x", new_id()):
        assert await store.event("a", instance_id, part) is None
        assert await store.resend("a", instance_id, SINK, EventRef(1, part, first.type)) is Resend.GONE
    assert await store.event("a", new_id(), first.id) is None
