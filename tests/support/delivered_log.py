"""What a webhook must have got of an instance when its life is over: its whole log, in order."""

from tests.support.deployment import Deployment
from tests.support.waiting import eventually
from tests.support.webhook_receiver import Delivery, WebhookReceiver

COMMAND_RECORDS = {"command", "commands"}
"""What the two Stores call the one thing that stays of a deleted instance once its events are delivered."""

DELIVERY_SECONDS = 30.0


async def delivered_whole(deployment: Deployment, receiver: WebhookReceiver, name: str) -> list[Delivery]:
    """Wait until a deleted instance's last event was delivered and the Store let go of its log; check what arrived.

    Returns:
        All deliveries, repetitions included.

    Raises:
        TimeoutError: an event did not come, or something stays in the Store.
    """
    await eventually(
        lambda: receiver.of(name, "instance.delete"), seconds=DELIVERY_SECONDS, what="instance.delete at the webhook"
    )
    instance_id = receiver.of(name, "instance.delete")[0].data["instanceId"]
    await eventually(
        lambda: deployment.kept(name, instance_id) <= COMMAND_RECORDS,
        seconds=DELIVERY_SECONDS,
        what=f"nothing but command records is kept of {name}",
    )
    deliveries = receiver.of(name)
    _check(deliveries)
    return deliveries


def _check(deliveries: list[Delivery]) -> None:
    """Check that no seq is missing, each seq is one event, first deliveries came in order, and no epoch went back."""
    by_seq: dict[int, Delivery] = {}
    for delivery in deliveries:
        known = by_seq.setdefault(delivery.seq, delivery)
        assert known.id == delivery.id, f"two events share seq {delivery.seq}"
        assert known.body == delivery.body, f"event {delivery.seq} changed between its deliveries"
    assert list(by_seq) == list(range(1, len(by_seq) + 1)), f"gaps or disorder: {list(by_seq)}"
    assert len({delivery.id for delivery in by_seq.values()}) == len(by_seq), "two seqs are one event"
    # The webhook is told of everything, so what was due to it before each event is the event before.
    assert all(delivery.prev == seq - 1 for seq, delivery in by_seq.items())
    # A worker that lost its lease writes nothing more.
    epochs = [delivery.epoch for delivery in by_seq.values()]
    assert epochs == sorted(epochs), f"written under an older epoch: {epochs}"
    told = [delivery.event for delivery in by_seq.values()]
    assert told[0] == "instance.create", told
    assert told.count("instance.delete") == 1, told
