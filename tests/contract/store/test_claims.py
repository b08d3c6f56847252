"""Claims: one deliverer at a time, and a cursor that only the claim's holder moves."""

import asyncio

import pytest

from pombo_common.ports.deliveries import Cursor, DueLog, Failure, Settlement
from pombo_common.ports.store import Store
from tests.contract.store.examples import (
    SINK,
    append,
    claimed,
    create,
    destination,
    events,
    new_id,
    parked,
    reached,
    settlement,
)
from tests.contract.store.harness import StoreFactory

pytestmark = pytest.mark.asyncio

SHORT = 0.1


async def with_sink(store: Store, count: int) -> str:
    """Create the instance `a` with a sink and so many events due to it."""
    return await create(store, "a", destinations=(destination(),), events=events(count))


async def test_of_many_workers_one_gets_the_claim(store_factory: StoreFactory) -> None:
    handles = [await store_factory.open(), await store_factory.open()]
    instance_id = await with_sink(handles[0], 1)
    claims = await asyncio.gather(
        *(handles[number % 2].claim("a", instance_id, SINK, f"k{number}", 60) for number in range(20))
    )
    assert len([claim for claim in claims if claim is not None]) == 1
    assert await handles[0].due() == []
    winner = next(f"k{number}" for number, claim in enumerate(claims) if claim is not None)
    again = await claimed(handles[1], "a", instance_id, winner)
    assert again.cursor == Cursor(next=1)


async def test_a_claim_hands_out_a_hundred_events_and_goes_on_from_there(store: Store) -> None:
    instance_id = await with_sink(store, 150)
    claim = await claimed(store, "a", instance_id)
    assert [entry.seq for entry in claim.events] == list(range(1, 101))
    assert claim.head == 150
    assert await store.settle("a", instance_id, settlement("k1", 100))
    claim = await claimed(store, "a", instance_id, "k2")
    assert claim.cursor == Cursor(next=101, prev=100)
    assert [entry.body for entry in claim.events] == [str(number).encode() for number in range(101, 151)]
    assert await store.settle("a", instance_id, settlement("k2", 150))
    assert await store.due() == []
    assert await store.claim("a", instance_id, SINK, "k3", 60) is None


async def test_what_does_not_exist_is_not_claimed(store: Store) -> None:
    instance_id = await with_sink(store, 1)
    assert await store.claim("a", instance_id, "sqs", "k", 60) is None
    assert await store.claim("a", new_id(), SINK, "k", 60) is None
    assert await store.claim("b", instance_id, SINK, "k", 60) is None
    assert not await store.settle("a", new_id(), settlement("k", 1))
    assert not await store.settle("a", instance_id, settlement("k", 1))


async def test_a_cursor_is_kept_whole(store: Store) -> None:
    instance_id = await with_sink(store, 5)
    await claimed(store, "a", instance_id)
    now = await store.now()
    failure = Failure(reason="não ☂", status=502, response="x" * 2048, at=now - 3)
    cursor = Cursor(next=3, prev=1, attempts=4, not_before=now - 1, since=now - 2, failure=failure)
    assert await store.settle("a", instance_id, Settlement(destination=SINK, token="k1", cursor=cursor))
    assert await store.due() == [DueLog(name="a", instance_id=instance_id, destination=SINK, not_before=now - 1)]
    claim = await claimed(store, "a", instance_id, "k2")
    assert claim.cursor == cursor
    assert [entry.seq for entry in claim.events] == [3, 4, 5]
    assert [state.cursor for state in await store.destinations("a", instance_id)] == [cursor]
    # Nothing of the failure stays behind with the next event.
    assert await store.settle("a", instance_id, settlement("k2", 4))
    assert (await claimed(store, "a", instance_id, "k3")).cursor == Cursor(next=5, prev=4)


async def test_a_held_destination_is_due_but_not_claimed_before_its_time(store: Store) -> None:
    instance_id = await with_sink(store, 1)
    await claimed(store, "a", instance_id)
    later = await store.now() + 150
    cursor = Cursor(next=1, attempts=1, not_before=later)
    assert await store.settle("a", instance_id, Settlement(destination=SINK, token="k1", cursor=cursor))
    assert [entry.not_before for entry in await store.due()] == [later]
    claim = await reached(lambda: store.claim("a", instance_id, SINK, "k2", 60), what="claim after the hold")
    assert claim.cursor == cursor
    assert await store.now() >= later


async def test_a_claim_is_kept_over_a_settlement_that_extends_it(store: Store) -> None:
    instance_id = await with_sink(store, 5)
    await claimed(store, "a", instance_id)
    assert await store.settle("a", instance_id, settlement("k1", 2, keep_seconds=60))
    assert await store.due() == []
    assert await store.claim("a", instance_id, SINK, "k2", 60) is None
    assert (await claimed(store, "a", instance_id)).cursor == Cursor(next=3, prev=2)
    assert await store.settle("a", instance_id, settlement("k1", 3))
    assert not await store.settle("a", instance_id, settlement("k1", 5))
    assert (await claimed(store, "a", instance_id, "k2")).cursor == Cursor(next=4, prev=3)


async def test_a_claim_that_ran_out_is_taken_over_and_its_former_holder_writes_nothing(store: Store) -> None:
    instance_id = await with_sink(store, 5)
    await claimed(store, "a", instance_id, seconds=SHORT)
    taken = await reached(lambda: store.claim("a", instance_id, SINK, "k2", 60), what="claim that ran out")
    assert taken.cursor == Cursor(next=1)
    assert not await store.settle("a", instance_id, settlement("k1", 5, keep_seconds=60))
    assert await store.claim("a", instance_id, SINK, "k1", 60) is None
    assert (await claimed(store, "a", instance_id, "k2")).cursor == Cursor(next=1)
    assert await store.settle("a", instance_id, settlement("k2", 4))


async def test_a_claim_that_ran_out_and_nobody_took_still_settles(store: Store) -> None:
    instance_id = await with_sink(store, 5)
    await claimed(store, "a", instance_id, seconds=SHORT)
    await reached(store.due, what="claim that ran out")
    assert await store.settle("a", instance_id, settlement("k1", 4))
    assert (await claimed(store, "a", instance_id, "k2")).cursor == Cursor(next=5, prev=4)


async def test_an_extended_claim_runs_out_too(store: Store) -> None:
    instance_id = await with_sink(store, 5)
    await claimed(store, "a", instance_id)
    assert await store.settle("a", instance_id, settlement("k1", 1, keep_seconds=SHORT))
    taken = await reached(lambda: store.claim("a", instance_id, SINK, "k2", 60), what="claim that ran out")
    assert taken.cursor == Cursor(next=2, prev=1)


async def test_events_that_come_during_a_claim_stay_due_after_it(store: Store) -> None:
    instance_id = await with_sink(store, 1)
    await claimed(store, "a", instance_id)
    await append(store, "a", instance_id, 2)
    assert await store.settle("a", instance_id, settlement("k1", 1))
    assert [entry.destination for entry in await store.due()] == [SINK]
    assert [entry.seq for entry in (await claimed(store, "a", instance_id, "k2")).events] == [2, 3]


async def test_rivals_deliver_every_event_once_and_in_order(store_factory: StoreFactory) -> None:
    handles = [await store_factory.open(), await store_factory.open()]
    instance_id = await with_sink(handles[0], 120)
    delivered: list[int] = []

    async def deliver(token: str, handle: Store) -> None:
        while await handle.due() or len(delivered) < 120:
            claim = await handle.claim("a", instance_id, SINK, token, 60)
            if claim is not None:
                part = [entry.seq for entry in claim.events[:7]]
                delivered.extend(part)
                assert await handle.settle("a", instance_id, settlement(token, part[-1]))

    async with asyncio.timeout(20):
        await asyncio.gather(*(deliver(f"k{number}", handles[number % 2]) for number in range(4)))
    assert delivered == list(range(1, 121))


async def test_a_claim_tells_the_stores_clock(store: Store) -> None:
    instance_id = await with_sink(store, 2)
    began = await store.now()
    claim = await claimed(store, "a", instance_id)
    assert began <= claim.now <= await store.now()
    aside = parked(claim.events[0], not_before=began)
    assert await store.settle("a", instance_id, settlement("k1", 2, parked=(aside,)))
    began = await store.now()
    asides = await store.claim_asides("a", instance_id, SINK, "s1", 60)
    assert asides is not None
    assert began <= asides.now <= await store.now()
