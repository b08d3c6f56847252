"""One delivery as an SQS message: body, group, deduplication id and attributes."""

import hashlib
from typing import Any

import msgspec

from pombo_common.model.events import EVENT_NAMES
from pombo_common.model.queue_sinks import SINGLE_QUEUE, sqs_queue
from pombo_worker.delivery.destination_settings import SqsDestination
from pombo_worker.delivery.envelope import SqsEnvelope, numbers, queue_envelope
from pombo_worker.delivery.sink import Delivery

GROUP_LIMIT = 128
_NOT_XML = {0xFFFE: r"\ufffe", 0xFFFF: r"\uffff"}


class SqsNaming(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation puts into messages.

    Attributes:
        server_name: `server` of the envelope; begins the groups of global queues.
        server_url: public address for the envelope; empty leaves the member out.
        group: message group of instances' own queues; empty: the instance's name.
    """

    server_name: str
    server_url: str = ""
    group: str = ""


class SqsMessage(msgspec.Struct, frozen=True):
    """What goes to one queue.

    Attributes:
        queue: its name.
        size: bytes that count against SQS' limits.
        entry: for `send_message_batch`, without its id in the batch.
    """

    queue: str
    size: int
    entry: dict[str, Any]


def message_of(destination: SqsDestination, delivery: Delivery, naming: SqsNaming) -> SqsMessage:
    """Return the message; the deduplication id is the event's, and another one when a person sends it again."""
    event = delivery.event
    envelope = queue_envelope(destination, delivery, naming.server_url)
    told = SqsEnvelope(**msgspec.structs.asdict(envelope), server=naming.server_name)
    # SQS takes what XML takes; these two stand as they are in JSON.
    body = msgspec.json.encode(told).decode().translate(_NOT_XML)
    attributes = {"pombo-id": _attribute("String", event.id)} | {
        name: _attribute("Number", str(number)) for name, number in numbers(delivery).items()
    }
    size = len(body.encode()) + sum(
        len(name) + len(each["DataType"]) + len(each["StringValue"]) for name, each in attributes.items()
    )
    entry = {
        "MessageBody": body,
        "MessageGroupId": _group(destination, event.type, naming),
        "MessageDeduplicationId": f"{event.id}.{delivery.resend}" if delivery.resend else event.id,
        "MessageAttributes": attributes,
    }
    return SqsMessage(_queue(destination, event.type), size, entry)


def own_queue(instance: str, event: str) -> str:
    """Return the name of an instance's own queue for one event, by either of the event's names."""
    return sqs_queue(instance, EVENT_NAMES.get(event, event))


def _queue(destination: SqsDestination, event_type: str) -> str:
    if destination.prefix is None:
        return own_queue(destination.instance, event_type)
    return sqs_queue(destination.prefix, SINGLE_QUEUE if destination.single else event_type)


def _group(destination: SqsDestination, event_type: str, naming: SqsNaming) -> str:
    """Return the message group, within which order is kept: always one instance's own unless it was set otherwise."""
    if destination.prefix is None:
        return naming.group or destination.instance
    what = SINGLE_QUEUE if destination.single else event_type
    group = f"{naming.server_name}-{what}-{destination.instance}".replace(" ", "_")
    if len(group) <= GROUP_LIMIT:
        return group
    return f"{group[:95]}-{hashlib.sha256(group.encode()).hexdigest()[:32]}"


def _attribute(kind: str, text: str) -> dict[str, str]:
    return {"DataType": kind, "StringValue": text}
