"""Dead letters: written with the cursor that passes them by, kept in order with their bodies, and bounded."""

import pytest

from pombo_common.ports.changes import Change
from pombo_common.ports.deliveries import DeadLog
from pombo_common.ports.store import Store
from tests.contract.store.examples import (
    append,
    claimed,
    create,
    destination,
    events,
    listed,
    new_id,
    parked,
    settled_line,
    settlement,
)

pytestmark = pytest.mark.asyncio


async def test_there_are_none_at_first(store: Store) -> None:
    assert await store.dead_letters("a", new_id()) == []
    instance_id = await create(store, "a")
    assert await store.dead_letters("a", instance_id) == []
    assert await store.dead_logs() == []


async def test_they_are_kept_whole_and_in_the_order_of_writing(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(30))
    log = await store.events("a", instance_id, 0, 100)
    gone = parked(None, seq=3, last=7, event_id=None, event_type=None, failure=None)
    letters = [parked(log[8]), gone, parked(log[0]), parked(log[9], resend=4), parked(log[19])]
    for part in (letters[:2], letters[2:]):
        await settled_line(store, "a", instance_id, *part, upto=20)
    kept = [listed(letter, place) for place, letter in enumerate(letters, 1)]
    assert await store.dead_letters("a", instance_id) == kept
    assert await store.dead_letters("a", instance_id, after=2, limit=2) == kept[2:4]
    assert await store.dead_letters("a", instance_id, after=5) == []
    assert await store.dead_letters("a", new_id()) == []
    assert await store.dead_letters("b", instance_id) == []
    assert await store.asides("a", instance_id) == []
    assert [entry.seq for entry in (await claimed(store, "a", instance_id)).events] == list(range(21, 31))


async def test_one_that_dies_again_is_one_letter_behind_the_others(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(3))
    log = await store.events("a", instance_id, 0, 100)
    await settled_line(store, "a", instance_id, parked(log[0]), parked(log[1]), upto=2)
    again = parked(log[0], attempts=9)
    await settled_line(store, "a", instance_id, again, upto=2)
    assert await store.dead_letters("a", instance_id) == [listed(parked(log[1]), 2), listed(again, 3)]


async def test_a_lost_claim_adds_none(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(3))
    letter = parked((await store.events("a", instance_id, 0, 1))[0])
    await claimed(store, "a", instance_id)
    assert not await store.settle("a", instance_id, settlement("other", 3, parked=(letter,)))
    assert await store.dead_letters("a", instance_id) == []
    assert await store.settle("a", instance_id, settlement("k1", 3, parked=(letter,)))
    assert not await store.settle("a", instance_id, settlement("k1", 3, parked=(letter,)))
    assert await store.dead_letters("a", instance_id) == [listed(letter, 1)]


async def test_they_outlive_their_destination(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(3))
    letter = parked((await store.events("a", instance_id, 1, 1))[0])
    await settled_line(store, "a", instance_id, letter, upto=3)
    await store.apply("a", Change(instance_id=instance_id, forget=True, destinations=(destination(settings=None),)))
    assert await store.dead_letters("a", instance_id) == [listed(letter, 1)]


async def test_who_has_some_is_listed_deleted_or_not(store: Store) -> None:
    ids = {name: await create(store, name, destinations=(destination(),), events=events(2)) for name in ("b", "a", "c")}
    for name in ("b", "a"):
        letter = parked((await store.events(name, ids[name], 0, 1))[0])
        await settled_line(store, name, ids[name], letter, upto=1)
    await store.apply("b", Change(instance_id=ids["b"], delete=True))
    await append(store, "c", ids["c"], 1)
    assert await store.dead_logs() == [DeadLog("a", ids["a"]), DeadLog("b", ids["b"])]
