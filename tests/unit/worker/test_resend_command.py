"""`delivery.resend`: what the lists show as resendable is found and sent again."""

from collections.abc import Sequence

import pytest

from pombo_common.model.deliveries import DeliveryResend
from pombo_common.model.events import LoggedEvent
from pombo_common.ports.changes import Change
from pombo_common.ports.deliveries import DEAD_LIMIT, Failure, Parked
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import Store
from pombo_worker.delivery.destination_settings import RabbitmqDestination, seal_destination
from tests.contract.store.examples import destination, settlement
from tests.unit.worker.commanding import answer
from tests.unit.worker.receiver import Delivering

pytestmark = pytest.mark.asyncio


def letter(logged: LoggedEvent, sink: str) -> Parked:
    """Make a dead letter of an event of the log."""
    return Parked(
        destination=sink,
        seq=logged.seq,
        last=logged.seq,
        event_id=logged.id,
        event_type=logged.type,
        prev=logged.seq - 1,
        failure=Failure(reason="the receiver answered 401", status=401, at=1_000),
        event=logged,
    )


async def with_two_sinks(delivering: Delivering) -> StoredInstance:
    """Create an instance that has RabbitMQ beside its webhook."""
    stored, world = await delivering.instance(), delivering.world
    queue = RabbitmqDestination(instance="shop", apikey=None, events=["CALL"])
    sealed = seal_destination("rabbitmq", queue, stored.instance.id, world.vault)
    sinks = (destination("rabbitmq", sealed),)
    await world.store.apply("shop", Change(instance_id=stored.instance.id, destinations=sinks))
    return stored


async def gives_up(store: Store, instance_id: str, sink: str, log: Sequence[LoggedEvent]) -> None:
    """Put these events, the last ones of the log, into the dead letters."""
    assert await store.claim("shop", instance_id, sink, "k", 60) is not None
    left = tuple(letter(one, sink) for one in log)
    assert await store.settle("shop", instance_id, settlement("k", log[-1].seq, sink, parked=left))


async def test_a_letter_behind_those_that_one_look_shows_is_sent_again(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, store = await with_two_sinks(delivering), delivering.world.store
    instance_id = stored.instance.id
    await delivering.append(stored, *["call"] * DEAD_LIMIT)
    log = await store.events("shop", instance_id, 0, DEAD_LIMIT)
    await gives_up(store, instance_id, "webhook", log)
    await gives_up(store, instance_id, "rabbitmq", log[-1:])
    monkeypatch.setattr(store, "_log_limit", 1)
    await delivering.append(stored, "call")
    command = DeliveryResend(id="r1", instance="shop", event=log[-1].id)
    reply = await answer(delivering.world, command)
    assert reply["result"] == {"event": log[-1].id, "destinations": ["rabbitmq", "webhook"]}
    assert {(one.destination, one.seq) for one in await store.asides("shop", instance_id)} == {
        ("rabbitmq", DEAD_LIMIT),
        ("webhook", DEAD_LIMIT),
    }


async def test_the_first_event_of_a_joined_letter_says_where_it_stands_and_the_others_are_sent(
    delivering: Delivering,
) -> None:
    stored, store = await delivering.instance(), delivering.world.store
    await delivering.append(stored, *["call"] * (DEAD_LIMIT + 2))
    log = await store.events("shop", stored.instance.id, 0, DEAD_LIMIT + 2)
    await gives_up(store, stored.instance.id, "webhook", log)
    reply = await answer(delivering.world, DeliveryResend(id="r1", instance="shop", event=log[0].id))
    assert (reply["error"]["status"], reply["error"]["code"]) == (410, "body_gone")
    assert "after=0 still shows" in reply["error"]["message"][0]
    assert (await answer(delivering.world, DeliveryResend(id="r2", instance="shop", event=log[1].id)))["ok"]
