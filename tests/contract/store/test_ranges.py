"""Ranges: what becomes of the oldest dead letters of a destination that has too many."""

from collections.abc import Iterable

import pytest

from pombo_common.model.events import LoggedEvent
from pombo_common.ports.changes import Change
from pombo_common.ports.deliveries import DEAD_LIMIT, RANGE_LIMIT, Failure, Parked, Settlement
from pombo_common.ports.store import Store
from tests.contract.store.examples import CLAIMANT, SINK, create, destination, events, parked, settlement

pytestmark = pytest.mark.asyncio

OTHER = "rabbitmq"
PART = 100


def letter(seq: int, *, prev: int | None = None, sink: str = SINK, **more: object) -> Parked:
    """Make an event that is given up, by default with the one before it in the log due before it."""
    event = LoggedEvent(seq=seq, epoch=1, id=f"e{seq}", type="call", at=seq, body=b"x")
    failure = Failure(reason=f"no {seq} ☂ \x00", status=401, response="não/", at=1_795_383_059_067)
    return parked(event, sink, prev=seq - 1 if prev is None else prev, failure=failure, **more)


async def with_letters(store: Store, letters: Iterable[Parked], *, sink: str = SINK) -> str:
    """Create `a` with two sinks, and give these up at one of them."""
    sinks = (destination(), destination(OTHER))
    instance_id = await create(store, "a", destinations=sinks, events=events(1))
    await give_up(store, instance_id, letters, sink=sink)
    return instance_id


async def give_up(store: Store, instance_id: str, letters: Iterable[Parked], *, sink: str = SINK) -> None:
    """Settle these, a part at a time."""
    every = list(letters)
    assert await store.claim("a", instance_id, sink, CLAIMANT, 60) is not None
    for at in range(0, len(every), PART):
        part = tuple(every[at : at + PART])
        assert await store.settle("a", instance_id, settlement(CLAIMANT, 0, sink, parked=part, keep_seconds=60))


async def listed(store: Store, instance_id: str, sink: str = SINK) -> list[Parked]:
    """Return the dead letters of one sink, oldest first."""
    every = await store.dead_letters("a", instance_id, limit=10 * DEAD_LIMIT)
    assert [one.place for one in every] == sorted({one.place for one in every})
    return [one for one in every if one.destination == sink]


def spans(letters: Iterable[Parked]) -> list[tuple[int, int]]:
    """Return from where to where letters without a body stand."""
    return [(one.seq, one.last) for one in letters if not one.kept]


def bodies(letters: Iterable[Parked]) -> list[int]:
    """Return the seqs of letters with their bodies."""
    return [one.seq for one in letters if one.kept]


async def test_the_oldest_become_one_range_that_says_why_the_last_of_them_died(store: Store) -> None:
    instance_id = await with_letters(store, (letter(seq) for seq in range(1, DEAD_LIMIT + 207)))
    gone, *kept = await listed(store, instance_id)
    assert (gone.seq, gone.last, gone.prev, gone.place) == (1, 206, 0, 206)
    assert (gone.event_id, gone.event_type, gone.kept, gone.attempts) == (None, None, False, 0)
    assert gone.failure == letter(206).failure
    assert bodies(kept) == list(range(207, DEAD_LIMIT + 207))
    # Read in parts, none is missed.
    first = await store.dead_letters("a", instance_id, limit=2)
    assert [one.seq for one in first] == [1, 207]
    assert (await store.dead_letters("a", instance_id, after=first[-1].place, limit=1))[0].seq == 208


async def test_a_limit_is_a_destinations_own(store: Store) -> None:
    instance_id = await with_letters(store, [letter(1, sink=OTHER)], sink=OTHER)
    await give_up(store, instance_id, (letter(seq) for seq in range(1, DEAD_LIMIT + 6)))
    assert bodies(await listed(store, instance_id, OTHER)) == [1]
    assert spans(await listed(store, instance_id)) == [(1, 5)]


async def test_a_letter_alone_keeps_its_name_and_what_others_got_through_parts_ranges(store: Store) -> None:
    # 2, 4 and 6 are wanted, 8 is not, 10 arrived: nothing due lies between the first three, and 10 before the next.
    first = [letter(2, prev=0), letter(4, prev=2), letter(6, prev=4), letter(12, prev=10)]
    instance_id = await with_letters(store, first + [letter(seq) for seq in range(21, DEAD_LIMIT + 21)])
    joined, alone, *kept = await listed(store, instance_id)
    assert spans([joined, alone]) == [(2, 6), (12, 12)]
    assert (alone.event_id, alone.event_type, alone.attempts) == ("e12", "call", 3)
    assert len(bodies(kept)) == DEAD_LIMIT


async def test_what_died_late_joins_the_ranges_beside_it(store: Store) -> None:
    order = [1, 2, 4, 5, 3, *range(6, DEAD_LIMIT + 5)]
    instance_id = await with_letters(store, map(letter, order))
    assert spans(await listed(store, instance_id)) == [(1, 2), (4, 5)]
    await give_up(store, instance_id, [letter(DEAD_LIMIT + 5)])
    assert spans(await listed(store, instance_id)) == [(1, 5)]


async def test_one_that_dies_again_inside_a_range_ends_in_it(store: Store) -> None:
    instance_id = await with_letters(store, (letter(seq) for seq in range(1, DEAD_LIMIT + 11)))
    await give_up(store, instance_id, [letter(5, prev=0)])
    letters = await listed(store, instance_id)
    assert (spans(letters), bodies(letters)[-1]) == ([(1, 11)], 5)
    await give_up(store, instance_id, (letter(seq) for seq in range(DEAD_LIMIT + 11, 2 * DEAD_LIMIT + 11)))
    letters = await listed(store, instance_id)
    assert spans(letters) == [(1, DEAD_LIMIT + 10)]
    assert bodies(letters) == list(range(DEAD_LIMIT + 11, 2 * DEAD_LIMIT + 11))


async def test_ranges_are_bounded_and_leave_out_none(store: Store) -> None:
    beyond = 7
    seqs = range(2, 2 * (DEAD_LIMIT + RANGE_LIMIT + beyond) + 1, 2)
    instance_id = await with_letters(store, map(letter, seqs))
    gone = spans(await listed(store, instance_id))
    assert len(gone) == RANGE_LIMIT
    assert gone[0] == (2, 2 * (beyond + 1))
    assert gone[1:] == [(seq, seq) for seq in seqs[beyond + 1 : beyond + RANGE_LIMIT]]


async def test_parts_of_the_log_that_are_no_longer_kept_join_too(store: Store) -> None:
    def lost(first: int) -> Parked:
        return parked(None, seq=first, last=first + 9, event_id=None, event_type=None, prev=0, attempts=0)

    instance_id = await with_letters(store, (lost(seq) for seq in range(1, 10 * DEAD_LIMIT, 10)))
    assert len(await listed(store, instance_id)) == DEAD_LIMIT
    await give_up(store, instance_id, [lost(10 * DEAD_LIMIT + 1)])
    assert spans(await listed(store, instance_id)) == [(1, 10 * (DEAD_LIMIT + 1))]


async def test_what_is_aside_of_a_dropped_destination_is_bounded_too(store: Store) -> None:
    aside = [letter(seq, not_before=2**40) for seq in range(1, DEAD_LIMIT + 4)]
    instance_id = await with_letters(store, aside)
    assert await listed(store, instance_id) == []
    await store.apply("a", Change(instance_id=instance_id, destinations=(destination(settings=None),)))
    assert spans(await listed(store, instance_id)) == [(1, 3)]
    assert await store.asides("a", instance_id) == []


async def test_letters_of_asides_are_bounded_too(store: Store) -> None:
    instance_id = await with_letters(store, (letter(seq) for seq in range(1, DEAD_LIMIT + 1)))
    await give_up(store, instance_id, [letter(DEAD_LIMIT + 1, not_before=1)])
    assert await store.claim_asides("a", instance_id, SINK, "s1", 60) is not None
    died = Settlement(destination=SINK, token="s1", cursor=None, parked=(letter(DEAD_LIMIT + 1),))
    assert await store.settle("a", instance_id, died)
    assert spans(await listed(store, instance_id)) == [(1, 1)]
