"""Large events: a read of the log, and of events aside, ends for its bytes as well."""

import pytest

from pombo_common.ports.deliveries import READ_BYTES, may_go_on
from pombo_common.ports.store import Store
from tests.contract.store.examples import SINK, claimed, create, destination, event, new_id, parked, settled_line

pytestmark = pytest.mark.asyncio

BIG = bytes(READ_BYTES * 5 // 8)
HUGE = bytes(READ_BYTES + 1)


async def with_bodies(store: Store, *bodies: bytes) -> str:
    """Create `a` with a sink and events of these bodies."""
    return await create(store, "a", destinations=(destination(),), events=tuple(event(body) for body in bodies))


async def test_a_claim_ends_with_the_event_that_reaches_the_bytes(store: Store) -> None:
    instance_id = await with_bodies(store, BIG, BIG, b"x", HUGE)
    claim = await claimed(store, "a", instance_id)
    assert [(one.seq, len(one.body)) for one in claim.events] == [(1, len(BIG)), (2, len(BIG))]
    assert claim.head == 4


async def test_a_read_ends_there_too_says_so_and_has_one_event_at_least(store: Store) -> None:
    instance_id = await with_bodies(store, BIG, BIG, HUGE, b"x", b"y")
    places, after = [], 0
    while True:
        read = await store.events("a", instance_id, after, 100)
        places.append([one.seq for one in read])
        if not may_go_on(read, 100):
            break
        after = read[-1].seq
    assert places == [[1, 2], [3], [4, 5]]


async def test_a_claim_of_events_aside_ends_there_too_and_says_when_it_goes_on(store: Store) -> None:
    instance_id = await with_bodies(store, BIG, BIG, b"x")
    log = [*await store.events("a", instance_id, 0, 2), *await store.events("a", instance_id, 2, 1)]
    await settled_line(store, "a", instance_id, *(parked(one, not_before=one.seq) for one in log), upto=3)
    claim = await store.claim_asides("a", instance_id, SINK, "s1", 60)
    assert claim is not None
    assert ([one.event for one in claim.parked], claim.later) == (log[:2], 3)


async def test_an_event_is_found_behind_large_ones(store: Store) -> None:
    instance_id = await with_bodies(store, b"x", BIG, HUGE, b"y", BIG, BIG)
    for seq in range(1, 7):
        (one,) = await store.events("a", instance_id, seq - 1, 1)
        assert await store.event("a", instance_id, one.id) == one
    assert await store.event("a", instance_id, new_id()) is None
