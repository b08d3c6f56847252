"""Delivery of one log to one webhook: everything wanted, in order, at least once, or in the dead letters."""

import asyncio
from collections.abc import Sequence

import pytest

from pombo_common.model.events import EVENT_NAMES
from pombo_common.ports.bus import Request
from pombo_common.ports.deliveries import Settlement
from pombo_common.ports.store import StoreUnavailable
from pombo_common.vault import Vault
from pombo_worker.delivery.destination_settings import WebhookDestination
from pombo_worker.delivery.line_round import SETTLE_EVERY
from pombo_worker.delivery.sink import Delivery, Outcome
from tests.support.waiting import eventually
from tests.unit.worker.receiver import Delivering, deliver, wakeup_of
from tests.unit.worker.trying_store import TryingStore

pytestmark = pytest.mark.asyncio

CALL, QR, CONNECTION = "call", "qrcode.updated", "connection.update"


async def test_events_come_in_order_and_once(delivering: Delivering) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, *[CALL] * 250)
    assert await delivering.deliver(stored) is None
    assert delivering.receiver.seqs == list(range(1, 251))
    assert {headers["pombo-attempt"] for headers in delivering.receiver.headers} == {"1"}
    await delivering.append(stored, CALL)
    await delivering.deliver(stored)
    assert delivering.receiver.seqs[250:] == [251]
    assert await delivering.world.store.due() == []


async def test_a_filter_leaves_gaps_in_seq_and_none_in_prev(delivering: Delivering) -> None:
    stored = await delivering.instance(events=["CALL", "CONNECTION_UPDATE"])
    await delivering.append(stored, QR, CALL, QR, QR, CONNECTION, QR, CALL, "unheard.of")
    await delivering.deliver(stored)
    assert [(h["pombo-prev"], h["pombo-seq"]) for h in delivering.receiver.headers] == [
        ("0", "2"),
        ("2", "5"),
        ("5", "7"),
    ]
    # What nobody wanted is passed over, not left due.
    assert await delivering.world.store.due() == []
    assert await delivering.dead(stored) == []


async def test_a_failed_event_holds_what_follows_until_it_gets_through(delivering: Delivering) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, *[CALL] * 3)
    delivering.receiver.answers.extend([(200, {}), (500, {}), (502, {})])
    assert await delivering.deliver(stored) == 5
    assert delivering.receiver.seqs == [1, 2]
    # Nobody gets at it before its time, whoever asks.
    assert await delivering.deliver(stored) is None
    assert delivering.receiver.seqs == [1, 2]
    delivering.world.clock.advance(6)
    assert await delivering.deliver(stored) == 10
    delivering.world.clock.advance(11)
    assert await delivering.deliver(stored) is None
    assert delivering.receiver.seqs == [1, 2, 2, 2, 3]
    tries = [(h["pombo-seq"], h["pombo-attempt"], h["webhook-id"]) for h in delivering.receiver.headers]
    assert [attempt for _, attempt, _ in tries] == ["1", "1", "2", "3", "1"]
    assert len({event_id for seq, _, event_id in tries if seq == "2"}) == 1
    assert await delivering.dead(stored) == []


async def test_the_receivers_wish_only_lengthens_the_wait(delivering: Delivering) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, CALL)
    delivering.receiver.answers.extend([(429, {"Retry-After": "12"}), (429, {"Retry-After": "1"})])
    assert await delivering.deliver(stored) == 12
    delivering.world.clock.advance(11)
    assert await delivering.deliver(stored) is None
    delivering.world.clock.advance(1)
    assert await delivering.deliver(stored) == 10


async def test_a_final_status_goes_to_the_dead_letters_and_the_rest_goes_on(delivering: Delivering) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, *[CALL] * 3)
    delivering.receiver.answers.extend([(200, {}), (404, {})])
    assert await delivering.deliver(stored) is None
    assert delivering.receiver.seqs == [1, 2, 3]
    assert await delivering.dead(stored) == [(2, 1, "the receiver answered 404")]
    assert delivering.receiver.headers[2]["pombo-prev"] == "2"


async def test_an_event_whose_tries_are_used_up_goes_to_the_dead_letters_and_the_rest_goes_on(
    delivering: Delivering,
) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, *[CALL] * 2)
    delivering.receiver.answers.extend([(500, {})] * 3)
    waits = []
    for _ in range(3):
        waits.append(await delivering.deliver(stored))
        delivering.world.clock.advance(11)
    assert waits == [5, 10, None]
    assert delivering.receiver.seqs == [1, 1, 1, 2]
    assert await delivering.dead(stored) == [(1, 3, "the receiver answered 500")]
    assert delivering.receiver.headers[3]["pombo-attempt"] == "1"


async def test_an_event_at_which_the_sink_itself_breaks_off_is_given_up_like_any_other(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, *[CALL] * 2)
    send = delivering.sink.send

    async def break_off(
        destination: WebhookDestination, instance_id: str, deliveries: Sequence[Delivery]
    ) -> Sequence[Outcome]:
        if deliveries[0].event.seq == 1:
            raise RuntimeError("5511999990000")
        return await send(destination, instance_id, deliveries)

    monkeypatch.setattr(delivering.sink, "send", break_off)
    waits = []
    for _ in range(3):
        waits.append(await delivering.deliver(stored))
        delivering.world.clock.advance(11)
    assert waits == [5, 10, None]
    assert delivering.receiver.seqs == [2]
    assert await delivering.dead(stored) == [(1, 3, "the sending broke off (RuntimeError)")]


async def test_a_claim_that_was_lost_ends_the_batch_without_a_word(delivering: Delivering) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, *[CALL] * 90)
    world = delivering.world

    async def taken() -> None:
        if len(delivering.receiver.seqs) == 3:
            world.clock.advance(60)
            assert await world.store.claim("shop", stored.instance.id, "webhook", "other", 600) is not None

    delivering.receiver.before = taken
    assert await delivering.deliver(stored) is None
    # It noticed at its next settlement, and the other worker's claim is untouched: it repeats what was not settled.
    assert SETTLE_EVERY <= len(delivering.receiver.seqs) < 90
    assert world.store.settled == []
    claim = await world.store.claim("shop", stored.instance.id, "webhook", "other", 600)
    assert claim is not None
    assert claim.cursor.next == 1


async def test_a_killed_delivery_repeats_only_what_was_not_settled(delivering: Delivering) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, *[CALL] * 60)
    hanging, forever = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        if len(delivering.receiver.seqs) == 55:
            await eventually(lambda: delivering.world.store.settled, what="a settlement on the way")
            hanging.set()
            await forever.wait()

    delivering.receiver.before = hang
    killed = asyncio.create_task(delivering.deliver(stored))
    await eventually(lambda: hanging.is_set() or killed.done(), seconds=60.0, what="a delivery that hangs")
    killed.cancel()
    await asyncio.wait([killed])
    settled = delivering.world.store.settled[-1].cursor
    delivering.receiver.before = None
    forever.set()
    delivering.world.clock.advance(60)
    await delivering.deliver(stored)
    assert settled is not None
    assert settled.next > SETTLE_EVERY
    assert delivering.receiver.seqs == [*range(1, 56), *range(settled.next, 61)]


async def test_a_slow_receiver_keeps_its_claim(delivering: Delivering) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, *[CALL] * 2)
    world = delivering.world
    quick = delivering.another(claim_seconds=0.03)

    async def slow() -> None:
        extended = len(world.store.settled)
        await eventually(lambda: len(world.store.settled) > extended + 1, what="two extensions of the claim")

    delivering.receiver.before = slow
    await deliver(quick, wakeup_of(stored))
    assert delivering.receiver.seqs == [1, 2]
    assert await world.store.due() == []


async def test_what_the_log_no_longer_holds_becomes_dead_letters(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await delivering.instance()
    monkeypatch.setattr(delivering.world.store, "_log_limit", 3)
    await delivering.append(stored, *[CALL] * 3)
    await delivering.append(stored, *[CALL] * 4)
    assert await delivering.deliver(stored) is None
    assert delivering.receiver.seqs == [5, 6, 7]
    # Who got none of the first four sees that there were some.
    assert [headers["pombo-prev"] for headers in delivering.receiver.headers] == ["4", "5", "6"]
    # One letter stands for all of them.
    assert await delivering.dead(stored) == [(1, 0, "backlog")]
    (letter,) = await delivering.world.store.dead_letters("shop", stored.instance.id)
    assert (letter.last, letter.event_id, letter.event_type, letter.kept) == (4, None, None, False)


async def test_what_another_key_sealed_goes_to_the_dead_letters(delivering: Delivering) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, *[CALL] * 2)
    stranger = delivering.another(vault=Vault([b"x" * 32]))
    assert (await deliver(stranger, wakeup_of(stored))).wait is None
    assert delivering.receiver.seqs == []
    assert [(seq, "POMBO_ENCRYPTION_KEY" in why) for seq, _, why in await delivering.dead(stored)] == [
        (1, True),
        (2, True),
    ]


async def test_dead_letters_are_written_once_though_the_claim_is_extended_meanwhile(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, *[CALL] * 3)
    delivering.receiver.always = 404
    world = delivering.world
    settle, in_flight = world.store.settle, asyncio.Event()

    async def slowly_answered(name: str, instance_id: str, settlement: Settlement) -> bool:
        counted = await settle(name, instance_id, settlement)
        if settlement.parked and settlement.keep_seconds is not None:
            in_flight.set()
            await asyncio.sleep(0.02)  # the answer's way back
        return counted

    async def hold_the_last() -> None:
        if len(delivering.receiver.seqs) == 3:
            await in_flight.wait()

    monkeypatch.setattr(world.store, "settle", slowly_answered)
    delivering.receiver.before = hold_the_last
    await deliver(delivering.another(claim_seconds=0.03), wakeup_of(stored))
    assert [seq for seq, _, _ in await delivering.dead(stored)] == [1, 2, 3]


async def test_a_store_that_is_away_leaves_the_cursor_where_it_was(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, CALL)

    async def away(*_: object) -> bool:
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(TryingStore, "settle", away)
        with pytest.raises(StoreUnavailable):
            await delivering.deliver(stored)
    delivering.world.clock.advance(60)
    await delivering.deliver(stored)
    assert delivering.receiver.seqs == [1, 1]
    assert len({headers["webhook-id"] for headers in delivering.receiver.headers}) == 1


async def test_a_deleted_instances_last_events_still_arrive(delivering: Delivering) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, CALL)
    await delivering.world.consumer.handle(Request(body=b'{"id":"d","type":"instance.delete","instance":"shop"}'))
    await delivering.deliver(stored)
    assert [body["event"] for body in delivering.receiver.bodies][:2] == ["call", "instance.delete"]
    assert await delivering.world.store.due() == []


async def test_every_event_name_has_a_switch(delivering: Delivering) -> None:
    stored = await delivering.instance(events=["CALL"])
    await delivering.append(stored, *EVENT_NAMES.values())
    await delivering.deliver(stored)
    assert [body["event"] for body in delivering.receiver.bodies] == ["call"]
