"""What a command looks like as an AMQP message."""

import time
import uuid

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractIncomingMessage, HeadersType

from pombo_common.ports.bus import Request

NOT_AFTER = "x-pombo-not-after"
"""UTC milliseconds: when the sender's `expiration` ends. The property itself does not survive dead-lettering."""

ATTEMPTS = "x-pombo-attempts"
"""How often the command was passed on. The broker's own count begins anew in each queue."""

REASON = "x-pombo-reason"
"""Why a command is among the dead letters."""

_DELIVERIES = "x-delivery-count"
_JSON = "application/json"


def outgoing(
    body: bytes,
    *,
    message_id: str | None = None,
    correlation_id: str | None = None,
    reply_to: str | None = None,
    headers: HeadersType | None = None,
    persistent: bool = True,
) -> Message:
    """Build a JSON message; an id is made when none is given."""
    return Message(
        body,
        content_type=_JSON,
        message_id=message_id or str(uuid.uuid4()),
        correlation_id=correlation_id,
        reply_to=reply_to,
        headers=headers,
        delivery_mode=DeliveryMode.PERSISTENT if persistent else DeliveryMode.NOT_PERSISTENT,
    )


def request_of(message: AbstractIncomingMessage, *, addressed: bool) -> Request:
    """Read what a worker needs to know of a message."""
    not_after = _not_after(message)
    return Request(
        body=message.body,
        expires_in=None if not_after is None else max(0.0, not_after / 1000 - time.time()),
        answerable=bool(message.reply_to),
        addressed=addressed,
    )


def attempts_of(message: AbstractIncomingMessage) -> int:
    """Return how often a command was put back in this queue or passed on."""
    return _whole_number(message, ATTEMPTS) + _whole_number(message, _DELIVERIES)


def passed_on(message: AbstractIncomingMessage) -> Message:
    """Copy a command for another queue: same id and reply address, its expiration as a header."""
    headers = dict(message.headers)
    headers.pop(_DELIVERIES, None)
    headers[ATTEMPTS] = attempts_of(message) + 1
    not_after = _not_after(message)
    if not_after is not None:
        headers[NOT_AFTER] = not_after
    return _copy(message, headers)


def given_up(message: AbstractIncomingMessage, reason: str) -> Message:
    """Copy a command for the dead letters."""
    return _copy(message, {**message.headers, REASON: reason})


def reply_to(message: AbstractIncomingMessage, reply: bytes) -> Message:
    """Build the reply to a command. Not persistent: who waits for it waits now."""
    correlation_id = message.correlation_id or message.message_id
    return outgoing(reply, correlation_id=correlation_id, persistent=False)


def _copy(message: AbstractIncomingMessage, headers: HeadersType) -> Message:
    return outgoing(
        message.body,
        message_id=message.message_id,
        correlation_id=message.correlation_id,
        reply_to=message.reply_to,
        headers=headers,
    )


def _not_after(message: AbstractIncomingMessage) -> int | None:
    if NOT_AFTER in message.headers:
        return _whole_number(message, NOT_AFTER)
    if isinstance(message.expiration, int | float):
        return int((time.time() + message.expiration) * 1000)
    return None


def _whole_number(message: AbstractIncomingMessage, header: str) -> int:
    value = message.headers.get(header)
    return value if isinstance(value, int) else 0
