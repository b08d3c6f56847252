"""Events that leave their line: aside after the hold, superseded, too old, of a receiver that is gone, sent again."""

from collections.abc import Sequence

import pytest

from pombo_common.model.commands import WebhookSet
from pombo_common.model.settings import WebhookInput
from pombo_common.ports.changes import Change
from pombo_common.ports.deliveries import EventRef, Resend
from pombo_common.ports.records import LEGACY_MS, StoredInstance
from pombo_common.projection import open_secrets
from pombo_worker.delivery.aside_round import TOO_OLD
from pombo_worker.delivery.destination_settings import WebhookDestination
from pombo_worker.delivery.sink import Delivery, Outcome
from tests.unit.worker.commanding import answer
from tests.unit.worker.receiver import HOLD_SECONDS, Delivering, deliver, wakeup_of

pytestmark = pytest.mark.asyncio

CALL, QR, CONNECTION = "call", "qrcode.updated", "connection.update"


async def test_an_event_that_held_its_line_long_enough_is_tried_alone_and_the_rest_goes_on(
    delivering: Delivering,
) -> None:
    stored, clock = await delivering.instance(), delivering.world.clock
    await delivering.append(stored, *[CALL] * 3)
    delivering.receiver.answers.extend([(500, {}), (500, {"Retry-After": "60"})])
    assert await delivering.deliver(stored) == 5
    clock.advance(5)
    # Its next try is after the hold: it steps aside, and the others wait only for the end of the hold.
    assert await delivering.deliver(stored) == HOLD_SECONDS - 5
    assert await delivering.aside(stored) == [(1, 2)]
    clock.advance(HOLD_SECONDS - 5)
    assert await delivering.deliver(stored) is None
    assert delivering.receiver.seqs == [1, 1, 2, 3]
    assert delivering.receiver.headers[2]["pombo-prev"] == "1"
    assert await delivering.deliver_asides(stored) is None
    clock.advance(60)
    assert await delivering.deliver_asides(stored) is None
    assert delivering.receiver.seqs == [1, 1, 2, 3, 1]
    last = delivering.receiver.headers[-1]
    assert (last["pombo-attempt"], last["pombo-prev"]) == ("3", "0")
    assert await delivering.aside(stored) == []
    assert await delivering.dead(stored) == []
    assert await delivering.world.store.due() == []


async def test_what_fails_aside_waits_again_and_then_dies(delivering: Delivering) -> None:
    stored, clock = await delivering.instance(), delivering.world.clock
    await delivering.append(stored, CALL)
    delivering.receiver.answers.append((500, {"Retry-After": "60"}))
    await delivering.deliver(stored)
    delivering.receiver.always = 503
    clock.advance(61)
    assert await delivering.deliver_asides(stored) == 10
    assert await delivering.aside(stored) == [(1, 2)]
    clock.advance(10)
    assert await delivering.deliver_asides(stored) is None
    assert await delivering.aside(stored) == []
    assert await delivering.dead(stored) == [(1, 3, "the receiver answered 503")]
    (letter,) = await delivering.world.store.dead_letters("shop", stored.instance.id)
    assert letter.failure is not None
    assert (letter.kept, letter.failure.status, letter.failure.response) == (True, 503, "the receiver's word")


@pytest.mark.parametrize("ahead", [-90_000, 90_000])
async def test_tries_come_at_their_time_though_the_workers_clock_is_another_than_the_stores(
    delivering: Delivering, ahead: int
) -> None:
    stored, clock = await delivering.instance(), delivering.world.clock
    other = delivering.another(clock=lambda: clock() + ahead)
    await delivering.append(stored, CALL)
    delivering.receiver.answers.extend([(500, {}), (500, {"Retry-After": "60"})])
    assert (await deliver(other, wakeup_of(stored))).wait == 5
    clock.advance(5)
    assert (await deliver(other, wakeup_of(stored))).aside == 60
    assert delivering.receiver.seqs == [1, 1]
    clock.advance(60)
    assert (await deliver(other, wakeup_of(stored, aside=True))).wait is None
    assert delivering.receiver.seqs == [1, 1, 1]


async def test_a_sink_that_is_away_costs_what_is_aside_no_try(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, clock = await delivering.instance(), delivering.world.clock
    await delivering.append(stored, CALL)
    delivering.receiver.answers.append((500, {"Retry-After": "60"}))
    await delivering.deliver(stored)

    async def away(*_: object) -> Sequence[Outcome]:
        return [Outcome(ok=False, why="away", away=True)]

    with monkeypatch.context() as patch:
        patch.setattr(delivering.sink, "send", away)
        clock.advance(60)
        for _ in range(5):
            assert await delivering.deliver_asides(stored) == 5
            assert await delivering.aside(stored) == [(1, 1)]
            clock.advance(5)
    assert await delivering.deliver_asides(stored) is None
    assert delivering.receiver.headers[-1]["pombo-attempt"] == "2"


async def test_what_is_aside_waits_three_days_for_a_sink_that_is_away_and_can_be_sent_again(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, clock = await delivering.instance(), delivering.world.clock
    await delivering.append(stored, CALL)
    delivering.receiver.answers.append((500, {"Retry-After": "60"}))
    await delivering.deliver(stored)

    async def away(*_: object) -> Sequence[Outcome]:
        return [Outcome(ok=False, why="the broker says nothing", away=True)]

    with monkeypatch.context() as patch:
        patch.setattr(delivering.sink, "send", away)
        clock.advance(LEGACY_MS / 1000 - 60)
        assert await delivering.deliver_asides(stored) == 5
        clock.advance(120)
        assert await delivering.deliver_asides(stored) is None
    assert await delivering.aside(stored) == []
    why = f"{TOO_OLD}; at its last try: the broker says nothing"
    assert await delivering.dead(stored) == [(1, 1, why)]
    (letter,) = await delivering.world.store.dead_letters("shop", stored.instance.id)
    assert letter.kept


async def test_a_dead_letter_that_is_sent_again_has_its_tries_anew(delivering: Delivering) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, CALL)
    delivering.receiver.answers.append((404, {}))
    await delivering.deliver(stored)
    (letter,) = await delivering.world.store.dead_letters("shop", stored.instance.id)
    event = EventRef(letter.seq, letter.event_id or "", letter.event_type or "")
    assert await delivering.world.store.resend("shop", stored.instance.id, "webhook", event) is Resend.SENT
    await delivering.deliver_asides(stored)
    assert [headers["pombo-attempt"] for headers in delivering.receiver.headers] == ["1", "1"]
    assert len({headers["webhook-id"] for headers in delivering.receiver.headers}) == 1
    assert await delivering.dead(stored) == []


async def test_a_code_that_was_replaced_or_used_before_it_was_delivered_is_not(delivering: Delivering) -> None:
    stored, world = await delivering.instance(), delivering.world
    await delivering.append(stored, QR, CALL, QR)
    live = (await world.stored()).live
    for state in ("connecting", "open"):
        event = world.events.make(stored.instance.id, CONNECTION, {"state": state})
        await world.store.apply("shop", Change(instance_id=stored.instance.id, live=live, events=(event,)))
    await delivering.append(stored, QR)
    await delivering.deliver(stored)
    assert delivering.receiver.seqs == [2, 4, 5, 6]
    assert await delivering.dead(stored) == [(1, 0, "superseded"), (3, 0, "superseded")]


async def test_a_code_that_waits_is_superseded_by_one_that_came_meanwhile(delivering: Delivering) -> None:
    stored, clock = await delivering.instance(), delivering.world.clock
    await delivering.append(stored, QR, CALL)
    delivering.receiver.answers.append((500, {}))
    assert await delivering.deliver(stored) == 5
    await delivering.append(stored, QR)
    clock.advance(5)
    await delivering.deliver(stored)
    assert delivering.receiver.seqs == [1, 2, 3]
    assert await delivering.dead(stored) == [(1, 1, "superseded")]


async def test_what_waited_for_three_days_is_given_up_without_its_body(delivering: Delivering) -> None:
    stored, clock = await delivering.instance(), delivering.world.clock
    await delivering.append(stored, *[CALL] * 3)
    clock.advance(LEGACY_MS / 1000 + 60)
    assert await delivering.deliver(stored) is None
    assert delivering.receiver.seqs == []
    assert await delivering.dead(stored) == [(1, 0, "backlog")]
    (letter,) = await delivering.world.store.dead_letters("shop", stored.instance.id)
    assert (letter.last, letter.kept) == (3, False)


async def test_a_receiver_that_is_gone_switches_its_webhook_off(delivering: Delivering) -> None:
    stored = await delivering.instance(events=["CALL"])
    await delivering.append(stored, CALL, CALL, QR, CALL)
    delivering.receiver.answers.extend([(200, {}), (410, {})])
    assert await delivering.deliver(stored) is None
    assert delivering.receiver.seqs == [1, 2]
    assert await webhook_enabled(delivering, stored) is False
    assert await delivering.world.store.destinations("shop", stored.instance.id) == []
    assert [seq for seq, _, _ in await delivering.dead(stored)] == [2, 4]
    # Once it is set again, what it missed can be sent again.
    webhook = WebhookInput(url=delivering.receiver.url, enabled=True, events=["CALL"])
    assert (await answer(delivering.world, WebhookSet(id="w1", instance="shop", webhook=webhook)))["ok"]
    letters = await delivering.world.store.dead_letters("shop", stored.instance.id)
    event = EventRef(letters[1].seq, letters[1].event_id or "", letters[1].event_type or "")
    assert await delivering.world.store.resend("shop", stored.instance.id, "webhook", event) is Resend.SENT
    await delivering.deliver_asides(stored)
    assert delivering.receiver.seqs == [1, 2, 4]


async def test_a_receiver_that_is_gone_is_found_by_what_is_aside_too(delivering: Delivering) -> None:
    stored, clock = await delivering.instance(), delivering.world.clock
    await delivering.append(stored, CALL, CALL)
    delivering.receiver.answers.extend([(500, {"Retry-After": "60"})])
    await delivering.deliver(stored)
    clock.advance(60)
    delivering.receiver.answers.append((410, {}))
    await delivering.deliver_asides(stored)
    assert await webhook_enabled(delivering, stored) is False
    await delivering.deliver(stored)
    assert delivering.receiver.seqs == [1, 1]
    assert [seq for seq, _, _ in await delivering.dead(stored)] == [1, 2]
    assert await delivering.world.store.destinations("shop", stored.instance.id) == []


class Batches:
    """A sink that takes five at a time and fails as the test says."""

    batch = 5

    def __init__(self) -> None:
        self.sent: list[list[tuple[int, int, int]]] = []
        self.failing: set[int] = set()

    async def send(
        self, _destination: WebhookDestination, _instance_id: str, deliveries: Sequence[Delivery], /
    ) -> Sequence[Outcome]:
        """Keep seq, prev and attempt of each."""
        self.sent.append([(one.event.seq, one.prev, one.attempt) for one in deliveries])
        return [Outcome(ok=one.event.seq not in self.failing, why="refused") for one in deliveries]

    def host(self, _destination: WebhookDestination, /) -> str:
        """Return any."""
        return "queue"

    async def close(self) -> None:
        """Nothing to close."""


async def test_a_batch_whose_end_fails_holds_the_line_there(delivering: Delivering) -> None:
    stored, sink = await delivering.instance(events=["CALL"]), Batches()
    await delivering.append(stored, CALL, QR, CALL, CALL, CALL, QR, CALL, CALL, QR)
    deliverer = delivering.another(sinks={"webhook": sink})
    sink.failing = {5, 7}
    assert (await deliver(deliverer, wakeup_of(stored))).wait == 5
    sink.failing = set()
    delivering.world.clock.advance(5)
    assert (await deliver(deliverer, wakeup_of(stored))).wait is None
    assert sink.sent == [[(1, 0, 1), (3, 1, 1), (4, 3, 1), (5, 4, 1), (7, 5, 1)], [(5, 4, 2), (7, 5, 1), (8, 7, 1)]]
    assert await delivering.world.store.due() == []


async def test_what_fails_in_a_batch_before_what_arrives_steps_aside_at_once(delivering: Delivering) -> None:
    stored, sink = await delivering.instance(events=["CALL"]), Batches()
    await delivering.append(stored, *[CALL] * 7)
    deliverer = delivering.another(sinks={"webhook": sink})
    sink.failing = {2, 4}
    left = await deliver(deliverer, wakeup_of(stored))
    assert (left.wait, left.aside) == (None, 5)
    assert await delivering.aside(stored) == [(2, 1), (4, 1)]
    sink.failing = set()
    delivering.world.clock.advance(5)
    await deliver(deliverer, wakeup_of(stored, aside=True))
    assert [one[0] for part in sink.sent for one in part] == [1, 2, 3, 4, 5, 6, 7, 2, 4]
    assert sink.sent[2] == [(2, 1, 2), (4, 3, 2)]


async def webhook_enabled(delivering: Delivering, stored: StoredInstance) -> bool:
    """Tell whether the instance's configuration has its webhook on."""
    instance = (await delivering.world.stored(stored.instance.name)).instance
    webhook = open_secrets(instance, delivering.world.vault).webhook
    assert webhook is not None
    return webhook.enabled
