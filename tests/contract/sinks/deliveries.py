"""Made-up deliveries, as the deliverer hands them to a sink."""

import uuid

from pombo_common.model.events import EventBody, LoggedEvent
from pombo_worker.delivery.sink import Delivery

AT = 1_795_383_059_067
"""2026-11-22T21:30:59.067Z."""

SENDER = "15551230001@s.whatsapp.net"


def delivery(
    seq: int, kind: str = "messages.upsert", data: object = None, *, resend: int = 0, event_id: str | None = None
) -> Delivery:
    """Return one delivery; its event's id is new unless given."""
    event = LoggedEvent(seq=seq, epoch=3, id=event_id or uuid.uuid4().hex, type=kind, at=AT, body=b"")
    body = EventBody(data={"n": seq} if data is None else data, sender=SENDER)
    return Delivery(event=event, body=body, prev=seq - 1, attempt=1, resend=resend)


def fresh_name() -> str:
    """Return an instance's name that nothing else uses."""
    return f"shop-{uuid.uuid4().hex[:8]}"
