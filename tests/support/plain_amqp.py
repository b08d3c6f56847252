"""A plain AMQP client that asks until it is answered, as the documentation tells its reader to."""

import asyncio
import json
import threading
import time
import uuid
from typing import Any

import pika
import pika.exceptions

REPLY_SECONDS = 10.0
"""How long one copy of a command is waited for before the next one is published."""

CONNECT_SECONDS = 5.0
PAUSE_SECONDS = 0.2


async def ask(url: str, kind: str, instance: str, *, seconds: float = 60.0, **fields: object) -> dict[str, Any]:
    """Publish one command, the same body again and again while the broker or the reply stays away.

    Returns:
        The reply.

    Raises:
        TimeoutError: none came within so many seconds.
    """
    command: dict[str, Any] = {"id": str(uuid.uuid4()), "type": kind, "instance": instance, **fields}
    command["notAfter"] = int((time.time() + seconds) * 1000)
    return await asyncio.to_thread(_ask, url, command, time.monotonic() + seconds)


def _ask(url: str, command: dict[str, Any], deadline: float) -> dict[str, Any]:
    while time.monotonic() < deadline:
        try:
            reply = _once(url, command)
        except (pika.exceptions.AMQPError, OSError):
            reply = None
            _pause()
        if reply is not None:
            return reply
    message = f"no reply to {command['type']} of {command['instance']}"
    raise TimeoutError(message)


def _once(url: str, command: dict[str, Any]) -> dict[str, Any] | None:
    """Publish it and wait for a reply, None when none came in time."""
    address = pika.URLParameters(url)
    address.socket_timeout = address.stack_timeout = address.blocked_connection_timeout = CONNECT_SECONDS
    with pika.BlockingConnection(address) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        queue = channel.queue_declare("", exclusive=True).method.queue
        properties = pika.BasicProperties(delivery_mode=2, reply_to=queue, correlation_id=command["id"])
        channel.basic_publish("pombo.bus", "command", json.dumps(command), properties, mandatory=True)
        _, _, body = next(channel.consume(queue, auto_ack=True, inactivity_timeout=REPLY_SECONDS))
        if body is None:
            return None
        reply: dict[str, Any] = json.loads(body)
        return reply


def _pause() -> None:
    """Wait a little before the broker is tried again."""
    threading.Event().wait(PAUSE_SECONDS)
