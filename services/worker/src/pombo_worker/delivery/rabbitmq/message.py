"""One delivery as an AMQP message: the body as Evolution's consumers know it, and properties that they may ignore."""

import datetime as dt
from urllib.parse import quote

import msgspec
from aiormq import spec

from pombo_common.projection import iso
from pombo_worker.delivery.destination_settings import RabbitmqDestination
from pombo_worker.delivery.envelope import numbers, queue_envelope
from pombo_worker.delivery.sink import Delivery

PERSISTENT = 2
CLOUDEVENTS = "cloudEvents:"
"""Prefix of the CloudEvents attributes in the binary content mode of its AMQP binding."""


def body_of(destination: RabbitmqDestination, delivery: Delivery, server_url: str) -> bytes:
    """Return the envelope as JSON."""
    return msgspec.json.encode(queue_envelope(destination, delivery, server_url))


def properties_of(destination: RabbitmqDestination, instance_id: str, delivery: Delivery) -> spec.Basic.Properties:
    """Return the properties: `message_id` is the event's id, the same in every try."""
    event = delivery.event
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/instances/{quote(destination.instance, safe='')}",
        "subject": instance_id,
        "type": event.type,
        "time": iso(event.at),
    }
    return spec.Basic.Properties(
        content_type="application/json",
        delivery_mode=PERSISTENT,
        message_id=event.id,
        message_type=event.type,
        timestamp=dt.datetime.fromtimestamp(event.at // 1000, tz=dt.UTC),
        app_id="pombo",
        headers={**{CLOUDEVENTS + name: text for name, text in attributes.items()}, **numbers(delivery)},
    )
