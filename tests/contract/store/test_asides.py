"""Events aside: claimed apart from the line, tried on a schedule of their own, sent again when somebody asks."""

import pytest

from pombo_common.ports.changes import Change
from pombo_common.ports.deliveries import Cursor, DueLog, EventRef, Parked, Resend, Settlement
from pombo_common.ports.store import Store
from tests.contract.store.examples import (
    EVERY_BYTE,
    SINK,
    append,
    claimed,
    create,
    destination,
    events,
    listed,
    new_id,
    parked,
    reached,
    settled_line,
    settlement,
)
from tests.contract.store.harness import StoreFactory

pytestmark = pytest.mark.asyncio

SHORT = 0.1


async def with_asides(store: Store, *seqs: int, later: int = 0, count: int = 5) -> tuple[str, list[Parked]]:
    """Create `a`, whose events up to 4 are delivered but for these, which are aside until so many ms from now."""
    instance_id = await create(store, "a", destinations=(destination(),), events=events(count))
    log = await store.events("a", instance_id, 0, 100)
    now = await store.now()
    aside = [parked(log[seq - 1], not_before=now + later - 10 + seq) for seq in seqs]
    await settled_line(store, "a", instance_id, *aside, upto=4)
    return instance_id, aside


def done(*seqs: int, token: str = "s1", left: tuple[Parked, ...] = (), keep: float | None = None) -> Settlement:
    """Make the settlement after these events aside arrived."""
    return Settlement(destination=SINK, token=token, cursor=None, delivered=seqs, parked=left, keep_seconds=keep)


async def claim_asides(store: Store, instance_id: str, token: str = "s1", seconds: float = 60) -> tuple[Parked, ...]:
    """Claim what is aside; nothing when it cannot be had."""
    claim = await store.claim_asides("a", instance_id, SINK, token, seconds)
    assert claim is None or claim.settings == EVERY_BYTE
    return () if claim is None else claim.parked


async def test_they_are_kept_whole_and_claimed_apart_from_the_line(store: Store) -> None:
    instance_id, aside = await with_asides(store, 3, 1)
    assert await store.asides("a", instance_id) == [listed(aside[1]), listed(aside[0])]
    assert await store.dead_letters("a", instance_id) == []
    assert set(await store.due()) == {
        DueLog("a", instance_id, SINK, 0),
        DueLog("a", instance_id, SINK, aside[1].not_before or 0, aside=True),
    }
    assert await claim_asides(store, instance_id) == (aside[1], aside[0])
    assert [entry.aside for entry in await store.due()] == [False]
    assert (await claimed(store, "a", instance_id)).cursor == Cursor(next=5, prev=4)
    assert await store.due() == []


async def test_not_before_their_time(store: Store) -> None:
    instance_id, aside = await with_asides(store, 1, 2, later=3_600_000)
    assert await claim_asides(store, instance_id) == ()
    assert [entry.not_before for entry in await store.due() if entry.aside] == [aside[0].not_before]


async def test_once_their_time_has_come_and_by_one_at_a_time(store: Store) -> None:
    instance_id, aside = await with_asides(store, 1, 2, later=150)
    first = await reached(lambda: store.claim_asides("a", instance_id, SINK, "s1", 60), what="claim after the wait")
    assert await store.now() >= (aside[0].not_before or 0)
    assert first.parked[0] == aside[0]
    assert (len(first.parked), first.later) in {(1, aside[1].not_before), (2, None)}
    assert await store.claim_asides("a", instance_id, SINK, "s2", 60) is None
    assert await store.claim_asides("a", instance_id, "sqs", "s2", 60) is None
    assert await store.claim_asides("a", new_id(), SINK, "s2", 60) is None


async def test_what_arrived_goes_and_what_failed_comes_again_or_dies(store: Store) -> None:
    instance_id, aside = await with_asides(store, 1, 2, 3)
    await claim_asides(store, instance_id)
    later = parked(aside[1].event, attempts=4, not_before=await store.now() + 3_600_000)
    dead = parked(aside[2].event, attempts=10)
    assert await store.settle("a", instance_id, done(1, left=(later,), keep=60))
    assert await claim_asides(store, instance_id, "s2") == ()
    assert await store.settle("a", instance_id, done(left=(dead,)))
    assert await store.asides("a", instance_id) == [listed(later)]
    assert await store.dead_letters("a", instance_id) == [listed(dead, 1)]
    assert not await store.settle("a", instance_id, done(2))
    assert await store.asides("a", instance_id) == [listed(later)]


async def test_a_claim_that_ran_out_is_taken_over_and_its_former_holder_writes_nothing(store: Store) -> None:
    instance_id, aside = await with_asides(store, 1, 2)
    assert await claim_asides(store, instance_id, seconds=SHORT)
    taken = await reached(lambda: store.claim_asides("a", instance_id, SINK, "s2", 60), what="claim that ran out")
    assert taken.parked == tuple(aside)
    assert not await store.settle("a", instance_id, done(1, 2))
    assert await store.settle("a", instance_id, done(1, token="s2"))
    assert await store.asides("a", instance_id) == [listed(aside[1])]


async def test_they_outlive_the_part_of_the_log_that_held_them(store_factory: StoreFactory) -> None:
    store = await store_factory.open(log_limit=5)
    instance_id, aside = await with_asides(store, 2)
    await append(store, "a", instance_id, 20)
    assert await claim_asides(store, instance_id) == tuple(aside)


async def test_a_dropped_destination_leaves_dead_letters_of_them(store: Store) -> None:
    instance_id, aside = await with_asides(store, 3, 1)
    await claim_asides(store, instance_id)
    await store.apply("a", Change(instance_id=instance_id, destinations=(destination(settings=None),)))
    assert await store.asides("a", instance_id) == []
    letters = await store.dead_letters("a", instance_id)
    assert [(letter.seq, letter.kept, letter.failure) for letter in letters] == [
        (1, True, aside[1].failure),
        (3, True, aside[0].failure),
    ]
    assert not await store.settle("a", instance_id, done(1, 3))
    assert await store.due() == []
    assert [entry.name for entry in await store.dead_logs()] == ["a"]


async def test_they_outlive_the_instance_and_then_nothing_is_left(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    before = await store_factory.census()
    instance_id, aside = await with_asides(store, 1, 2, count=4)
    await store.apply("a", Change(instance_id=instance_id, delete=True))
    assert [entry.aside for entry in await store.due()] == [True]
    assert await claim_asides(store, instance_id) == tuple(aside)
    assert await store.settle("a", instance_id, done(1, keep=60))
    assert await store.settle("a", instance_id, done(2))
    assert await store.due() == []
    assert await store_factory.census() == before


async def test_dead_letters_outlive_the_instance_and_its_log_and_can_be_sent_again(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    before = await store_factory.census()
    instance_id, aside = await with_asides(store, 1, count=4)
    await store.apply("a", Change(instance_id=instance_id, delete=True))
    await claim_asides(store, instance_id)
    dead = parked(aside[0].event)
    assert await store.settle("a", instance_id, done(left=(dead,)))
    assert list(await store.events("a", instance_id, 0, 10)) == []
    assert await store.dead_letters("a", instance_id) == [listed(dead, 1)]
    assert await store.resend("a", instance_id, SINK, ref(dead)) is Resend.SENT
    assert [(entry.destination, entry.aside) for entry in await store.due()] == [(SINK, True)]
    assert [one.event for one in await claim_asides(store, instance_id)] == [aside[0].event]
    assert await store.settle("a", instance_id, done(1))
    assert await store_factory.census() == before


async def test_a_dead_letter_is_sent_again_with_no_tries_and_a_number_that_grows(store: Store) -> None:
    instance_id, aside = await with_asides(store, 1, 2)
    await claim_asides(store, instance_id)
    dead = tuple(parked(one.event) for one in aside)
    assert await store.settle("a", instance_id, done(left=dead))
    for number, one in ((1, dead[1]), (2, dead[0])):
        assert await store.resend("a", instance_id, SINK, ref(one)) is Resend.SENT
        (sent,) = await claim_asides(store, instance_id)
        assert (sent.seq, sent.attempts, sent.resend, sent.prev, sent.event) == (one.seq, 0, number, 1, one.event)
        assert await store.settle("a", instance_id, done(one.seq))
    assert await store.dead_letters("a", instance_id) == []
    assert await store.asides("a", instance_id) == []


async def test_what_was_delivered_is_sent_again_from_the_log(store_factory: StoreFactory) -> None:
    store = await store_factory.open(log_limit=5)
    instance_id, aside = await with_asides(store, 2, later=3_600_000)
    log = await store.events("a", instance_id, 0, 100)
    third = log[2]
    assert await store.event("a", instance_id, third.id) == third
    assert await store.event("a", instance_id, new_id()) is None
    assert await store.resend("a", instance_id, SINK, EventRef(3, third.id, third.type)) is Resend.SENT
    assert await store.resend("a", instance_id, SINK, EventRef(5, log[4].id, log[4].type)) is Resend.PENDING
    assert await store.resend("a", instance_id, SINK, EventRef(4, third.id, third.type)) is Resend.GONE
    assert await store.resend("a", instance_id, "sqs", EventRef(3, third.id, third.type)) is Resend.UNSET
    assert await store.resend("a", new_id(), SINK, EventRef(3, third.id, third.type)) is Resend.UNSET
    # What waits aside already is due now, and remembers its tries.
    assert await store.resend("a", instance_id, SINK, ref(aside[0])) is Resend.SENT
    claimed_now = await claim_asides(store, instance_id)
    assert {(one.seq, one.attempts, one.resend, one.event) for one in claimed_now} == {
        (3, 0, 1, third),
        (2, 3, 0, aside[0].event),
    }
    await append(store, "a", instance_id, 4)
    assert await store.resend("a", instance_id, SINK, EventRef(1, log[0].id, log[0].type)) is Resend.GONE


async def test_without_its_body_a_dead_letter_is_not_sent_again(store: Store) -> None:
    instance_id, _ = await with_asides(store)
    letter = parked(None, seq=1, last=1, event_id="e", event_type="call")
    await settled_line(store, "a", instance_id, letter, upto=4)
    assert await store.resend("a", instance_id, SINK, ref(letter)) is Resend.GONE
    assert len(await store.dead_letters("a", instance_id)) == 1


async def test_destinations_say_where_they_began_and_where_they_stand(store: Store) -> None:
    instance_id = await create(store, "a", destinations=(destination(),), events=events(3))
    await store.apply("a", Change(instance_id=instance_id, destinations=(destination("sqs", b"q"),), events=events(2)))
    await claimed(store, "a", instance_id)
    assert await store.settle("a", instance_id, settlement("k1", 2))
    states = await store.destinations("a", instance_id)
    assert [(one.name, one.settings, one.first, one.cursor, one.head) for one in states] == [
        ("sqs", b"q", 4, Cursor(next=4), 5),
        (SINK, EVERY_BYTE, 1, Cursor(next=3, prev=2), 5),
    ]
    assert await store.destinations("a", new_id()) == []


def ref(one: Parked) -> EventRef:
    """Name a parked event."""
    return EventRef(one.seq, one.event_id or "", one.event_type or "")
