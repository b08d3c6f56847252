"""The body of what goes to queues: the contract's envelope, which names no address."""

import msgspec

from pombo_common.model.events import Envelope, unset_if_none
from pombo_common.projection import iso
from pombo_worker.delivery.destination_settings import Destination
from pombo_worker.delivery.sink import Delivery

SEQ = "pombo-seq"
PREV = "pombo-prev"
EPOCH = "pombo-epoch"
ATTEMPT = "pombo-attempt"
RESEND = "pombo-resend"


class SqsEnvelope(Envelope, kw_only=True, rename={"data_type": "dataType"}):
    """Body of an SQS message; `server` is the installation's name."""

    data_type: str = "json"
    server: str


def queue_envelope(destination: Destination, delivery: Delivery, server_url: str) -> Envelope:
    """Return the envelope of one delivery.

    Args:
        destination: gives the instance's name and, when it is to be shown, its token.
        delivery: what is delivered.
        server_url: the installation's public address; empty leaves the member out.
    """
    return Envelope(
        event=delivery.event.type,
        instance=destination.instance,
        data=delivery.body.data,
        date_time=iso(delivery.event.at),
        sender=delivery.body.sender or msgspec.UNSET,
        server_url=server_url or msgspec.UNSET,
        apikey=destination.apikey,
        progress=unset_if_none(delivery.body.progress),
        is_latest=unset_if_none(delivery.body.is_latest),
    )


def numbers(delivery: Delivery) -> dict[str, int]:
    """Return what goes beside the body, by name: places in the log, and which try this is."""
    event = delivery.event
    told = {SEQ: event.seq, PREV: delivery.prev, EPOCH: event.epoch, ATTEMPT: delivery.attempt}
    return told | {RESEND: delivery.resend} if delivery.resend else told
