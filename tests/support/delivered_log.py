"""What a webhook must have got of an instance when its life is over: its whole log, in order."""

from tests.support.deployment import Deployment
from tests.support.waiting import eventually
from tests.support.webhook_receiver import Delivery, WebhookReceiver

COMMAND_RECORDS = {"command", "commands"}
"""What the two Stores call the one thing that stays of a deleted instance once its events are delivered."""

DEAD_LETTERS = {"logs", "destinations", "parked", "cursors", "sinks", "lanes", "letters"}
"""What stays with a dead letter, such as that of a QR code that was replaced before it was delivered."""

DELIVERY_SECONDS = 60.0
"""A claim of a worker that was killed lasts for a lease."""


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
        lambda: deployment.kept(name, instance_id) <= _may_stay(receiver.of(name)),
        seconds=DELIVERY_SECONDS,
        what=f"nothing but command records and dead letters is kept of {name}",
    )
    deliveries = receiver.of(name)
    _check(deliveries)
    return deliveries


def missing(deliveries: list[Delivery]) -> set[int]:
    """Return the seqs that did not arrive."""
    seqs = {delivery.seq for delivery in deliveries}
    return set(range(1, max(seqs) + 1)) - seqs


def _may_stay(deliveries: list[Delivery]) -> set[str]:
    return COMMAND_RECORDS | DEAD_LETTERS if missing(deliveries) else COMMAND_RECORDS


def _replaces_codes(delivery: Delivery) -> bool:
    """Tell whether a QR code that was not delivered before this is wanted no more."""
    opened = delivery.event == "connection.update" and delivery.data["state"] == "open"
    return opened or delivery.event == "qrcode.updated"


def _check(deliveries: list[Delivery]) -> None:
    """Check that each seq is one event and none is missing but of replaced QR codes, their order, and their epochs."""
    by_seq: dict[int, Delivery] = {}
    for delivery in deliveries:
        known = by_seq.setdefault(delivery.seq, delivery)
        assert known.id == delivery.id, f"two events share seq {delivery.seq}"
        assert known.body == delivery.body, f"event {delivery.seq} changed between its deliveries"
    assert list(by_seq) == sorted(by_seq), f"disorder: {list(by_seq)}"
    for seq in missing(deliveries):
        assert any(later.seq > seq and _replaces_codes(later) for later in by_seq.values()), f"event {seq} is missing"
    assert len({delivery.id for delivery in by_seq.values()}) == len(by_seq), "two seqs are one event"
    # The webhook is told of everything, so what was due to it before each event is the event before.
    assert all(delivery.prev == seq - 1 for seq, delivery in by_seq.items())
    # A worker that lost its lease writes nothing more.
    epochs = [delivery.epoch for delivery in by_seq.values()]
    assert epochs == sorted(epochs), f"written under an older epoch: {epochs}"
    told = [delivery.event for delivery in by_seq.values()]
    assert told[0] == "instance.create", told
    assert told.count("instance.delete") == 1, told
