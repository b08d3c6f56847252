"""What a command looks like as an AMQP message."""

import time
import uuid

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractIncomingMessage, FieldValue, HeadersType

from pombo_common.ports.bus import DEFAULT_LIFE_SECONDS, Request

NOT_AFTER = "x-pombo-not-after"
"""UTC milliseconds: when the sender's `expiration`, or the default, ends. Dead-lettering drops the property itself."""

ATTEMPTS = "x-pombo-attempts"
"""How often the command was put back or passed on. The broker's own count begins anew in each queue."""

REASON = "x-pombo-reason"
"""Why a command is among the dead letters."""

REASON_CHARACTERS = 500
"""What is kept of a reason. Headers travel in one frame, and the broker ends the connection that sends a larger one."""

CARRIED_BYTES = 16 * 1024
"""What a sender's properties and headers may take up in a copy: far below the 128 KiB of a frame, ours come on top."""

_DELIVERIES = "x-delivery-count"
_BROKER_S_OWN = (_DELIVERIES, "x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason")
"""What the broker says of a message's way; of a copy it says so anew."""

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
    not_after = _named_end(message)
    return Request(
        body=message.body,
        expires_in=None if not_after is None else not_after / 1000 - time.time(),
        answerable=bool(message.reply_to),
        addressed=addressed,
    )


def not_after_of(message: AbstractIncomingMessage) -> int:
    """Return when the time ends that a message just received has, UTC milliseconds. Ask once, and at once."""
    named = _named_end(message)
    return int((time.time() + DEFAULT_LIFE_SECONDS) * 1000) if named is None else named


def attempts_of(message: AbstractIncomingMessage) -> int:
    """Return how often a command was put back in this queue or passed on."""
    return _whole_number(message, ATTEMPTS) + _whole_number(message, _DELIVERIES)


def sent_on(message: AbstractIncomingMessage, not_after: int, *, attempts: int) -> Message:
    """Copy a command for the same or another queue: same id and reply address, the end of its time in a header."""
    headers = _carried(message)
    for broker_s in _BROKER_S_OWN:
        headers.pop(broker_s, None)
    return _copy(message, headers | {ATTEMPTS: attempts, NOT_AFTER: not_after})


def given_up(message: AbstractIncomingMessage, reason: str) -> Message:
    """Copy a command for the dead letters."""
    return _copy(message, {**_carried(message), REASON: reason[:REASON_CHARACTERS]})


def reply_to(message: AbstractIncomingMessage, reply: bytes) -> Message:
    """Build the reply to a command. Not persistent: who waits for it waits now."""
    correlation_id = message.correlation_id or message.message_id
    return outgoing(reply, correlation_id=correlation_id, persistent=False)


def _carried(message: AbstractIncomingMessage) -> dict[str, FieldValue]:
    """Return the headers that a copy keeps: none, when the sender's are too many or cannot be written again."""
    headers = dict(message.headers)
    try:
        size = len(_copy(message, headers).properties.marshal())
    except Exception:  # noqa: BLE001 - the library writes less than it reads (bytes that are no UTF-8, say)
        return {}
    return headers if size <= CARRIED_BYTES else {}


def _copy(message: AbstractIncomingMessage, headers: HeadersType) -> Message:
    return outgoing(
        message.body,
        message_id=message.message_id,
        correlation_id=message.correlation_id,
        reply_to=message.reply_to,
        headers=headers,
    )


def _named_end(message: AbstractIncomingMessage) -> int | None:
    if NOT_AFTER in message.headers:
        return _whole_number(message, NOT_AFTER)
    if isinstance(message.expiration, int | float):
        return int((time.time() + message.expiration) * 1000)
    return None


def _whole_number(message: AbstractIncomingMessage, header: str) -> int:
    value = message.headers.get(header)
    return max(0, value) if isinstance(value, int) else 0
