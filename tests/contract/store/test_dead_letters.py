"""Dead letters: written with the cursor that passes them by, kept in order."""

import pytest

from pombo_common.ports.changes import Change
from pombo_common.ports.records import DeadLetter
from pombo_common.ports.store import Store
from tests.contract.store.examples import claimed, create, destination, events, new_id, settlement

pytestmark = pytest.mark.asyncio


def letter(seq: int, *, event_id: str | None = "e", sink: str = "webhook") -> DeadLetter:
    """Make a dead letter."""
    return DeadLetter(
        destination=sink,
        seq=seq,
        event_id=event_id,
        event_type=None if event_id is None else "qrcode.updated",
        attempts=3,
        reason="500 Räuber \x00 ☂" + "x" * 2000,
        at=2_000 - seq,
    )


async def test_there_are_none_at_first(store: Store) -> None:
    assert await store.dead_letters("a", new_id()) == []
    instance_id = await create(store, "a")
    assert await store.dead_letters("a", instance_id) == []


async def test_they_are_kept_whole_and_in_the_order_of_writing(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(30))
    letters = [letter(seq, event_id=None if seq % 2 else f"e{seq}") for seq in (1, 2, 9, 10, 11, 20)]
    for first in (0, 3):
        part = tuple(letters[first : first + 3])
        await claimed(store, "a", instance_id)
        assert await store.settle("a", instance_id, settlement("k1", part[-1].seq, dead=part))
    assert await store.dead_letters("a", instance_id) == letters
    assert await store.dead_letters("a", new_id()) == []
    assert await store.dead_letters("b", instance_id) == []


async def test_a_lost_claim_adds_none(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(3))
    await claimed(store, "a", instance_id)
    assert not await store.settle("a", instance_id, settlement("other", 3, dead=(letter(1),)))
    assert await store.dead_letters("a", instance_id) == []
    assert await store.settle("a", instance_id, settlement("k1", 3, dead=(letter(1),)))
    assert not await store.settle("a", instance_id, settlement("k1", 3, dead=(letter(1),)))
    assert await store.dead_letters("a", instance_id) == [letter(1)]


async def test_they_outlive_their_destination(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(3))
    await claimed(store, "a", instance_id)
    assert await store.settle("a", instance_id, settlement("k1", 3, dead=(letter(2),)))
    await store.apply("a", Change(instance_id=instance_id, forget=True, destinations=(destination(settings=None),)))
    assert await store.dead_letters("a", instance_id) == [letter(2)]
