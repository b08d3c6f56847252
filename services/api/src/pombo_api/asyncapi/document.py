"""Joins channels, messages and the types' schemas into one AsyncAPI 3 document."""

from importlib.metadata import version
from typing import Any

import msgspec

from pombo_api.asyncapi.channels import BINDING, COMMANDS, DEAD_LETTERS, REPLIES, SHARED, channel, channels, message_in
from pombo_api.asyncapi.messages import COMMANDS as TYPES
from pombo_api.asyncapi.messages import REFUSAL, RESULTS, messages, result_names
from pombo_api.openapi.schemas import Schemas
from pombo_common.model.errors import ErrorInfo

ABOUT = """\
Every change that REST makes, as a command over RabbitMQ, for any AMQP 0-9-1 client.

A body is JSON: `id`, `type` and `instance`, an optional `notAfter`, and the command's own fields beside them. The \
same `id` for the same instance has one effect and gets equal replies for 24 hours, however often it is published; \
with another body it is refused (409 `idempotency_conflict`). A command is not started after its `notAfter`; without \
one, and without `expiration`, it has 60 seconds from when a worker first takes it. Commands of one instance run one \
at a time, but for messages, chats and configuration; their order is kept for a caller who awaits each reply.

A body that cannot be read is refused with the field's name when it has an `id` and a `reply_to`, and goes to the dead \
letters otherwise. Reads and QR codes are answered by REST; a QR code also comes with the event `qrcode.updated`.
"""

_ADDRESS: dict[str, dict[str, Any]] = {
    "id": {"description": "Chosen by the caller, a UUID for example; unique for this instance for 24 hours."},
    "instance": {"description": "Name of the instance."},
    "notAfter": {
        "description": "UTC, milliseconds since the epoch: it is not started later. Null: see the introduction."
    },
}


def describe() -> bytes:
    """Return the document as JSON."""
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Pombo",
            "version": version("pombo-api"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"rabbitmq": _server()},
        "channels": channels(TYPES, [*result_names(), REFUSAL]),
        "operations": dict(map(_operation, TYPES)) | {"deadLetter": _dead_letter()},
        "components": {"messages": messages(), "schemas": _schemas()},
    }
    return msgspec.json.encode(document)


def _server() -> dict[str, Any]:
    return {
        "host": "{broker}",
        "protocol": "amqp",
        "protocolVersion": "0-9-1",
        "description": "The RabbitMQ of POMBO_BUS_URL; clients write to `pombo.bus` and have reply queues.",
        "variables": {"broker": {"default": "localhost:5672", "description": "Host and port."}},
    }


def _operation(kind: str) -> tuple[str, dict[str, Any]]:
    """Return what Pombo does with one type of command, by a name without dots."""
    first, _, second = kind.partition(".")
    answers = (RESULTS[TYPES[kind]].__name__, REFUSAL)
    return first + second.capitalize(), {
        "action": "receive",
        "channel": channel(COMMANDS),
        "title": kind,
        "messages": [message_in(COMMANDS, kind)],
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True, "ack": True, "bindingVersion": BINDING}},
        "reply": {
            "address": {"location": "$message.header#/reply_to"},
            "channel": channel(REPLIES),
            "messages": [message_in(REPLIES, answer) for answer in answers],
        },
    }


def _dead_letter() -> dict[str, Any]:
    return {
        "action": "send",
        "channel": channel(DEAD_LETTERS),
        "summary": f"A command that was given up; see the channels {SHARED} and {DEAD_LETTERS}.",
    }


def _schemas() -> dict[str, Any]:
    """Return the schemas of commands and results; a command's address is explained in each."""
    components = Schemas((*TYPES.values(), *dict.fromkeys(RESULTS.values()), ErrorInfo)).components
    for command in TYPES.values():
        schema = components[command.__name__]
        schema["properties"] = {name: each | _ADDRESS.get(name, {}) for name, each in schema["properties"].items()}
    return components
