"""Where commands, replies and dead letters go on RabbitMQ, as AsyncAPI tells it.

The names are those that the adapter declares; a test holds the two together. The adapter itself is not imported: one
process with everything in it loads no AMQP.
"""

from collections.abc import Iterable
from typing import Any

EXCHANGE = "pombo.bus"
ROUTING_KEY = "command"
QUEUE = "pombo.commands"
DEAD_EXCHANGE = "pombo.dead"
DEAD_QUEUE = "pombo.dead-letters"
BINDING = "0.3.0"

COMMANDS = "commands"
SHARED = "sharedQueue"
REPLIES = "replies"
DEAD_LETTERS = "deadLetters"


def channels(commands: Iterable[str], replies: Iterable[str]) -> dict[str, Any]:
    """Return the channels.

    Args:
        commands: names of the messages that are commands.
        replies: names of the messages that are replies.
    """
    sent, answered = _messages(commands), _messages(replies)
    return {
        COMMANDS: {
            "address": ROUTING_KEY,
            "title": "Commands, as they are published",
            "description": "Publish here, persistent and `mandatory`. Pombo declares what is named here.",
            "messages": sent,
            "bindings": _routing_key(EXCHANGE, "direct"),
        },
        SHARED: {
            "address": QUEUE,
            "title": "Commands, as the workers take them",
            "description": (
                "A quorum queue that all workers share, bound to the exchange. A command that is put back 20 times, or "
                "whose `expiration` ended before a worker took it, goes to the dead letters."
            ),
            "messages": sent,
            "bindings": _queue(QUEUE),
        },
        REPLIES: {
            "address": None,
            "title": "Replies",
            "description": (
                "The queue that the command's `reply_to` names: one of the caller's own, or `amq.rabbitmq.reply-to`."
            ),
            "messages": answered,
        },
        DEAD_LETTERS: {
            "address": DEAD_QUEUE,
            "title": "Commands that were given up",
            "description": (
                f"Behind the fanout exchange `{DEAD_EXCHANGE}`, for a person to look at; nothing takes from it. The "
                "header `x-pombo-reason` says why: the field that cannot be read, or `delivery limit`. Of what the "
                "broker itself gave up, `x-first-death-reason` says `expired` or `delivery_limit`."
            ),
            "messages": sent,
            "bindings": _queue(DEAD_QUEUE),
        },
    }


def message_in(channel: str, message: str) -> dict[str, str]:
    """Return the reference to a message of a channel, as operations want it."""
    return {"$ref": f"#/channels/{channel}/messages/{message}"}


def channel(name: str) -> dict[str, str]:
    """Return the reference to a channel."""
    return {"$ref": f"#/channels/{name}"}


def _messages(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def _routing_key(exchange: str, kind: str) -> dict[str, Any]:
    shown = {"name": exchange, "type": kind, "durable": True, "autoDelete": False}
    return {"amqp": {"is": "routingKey", "exchange": shown, "bindingVersion": BINDING}}


def _queue(name: str) -> dict[str, Any]:
    shown = {"name": name, "durable": True, "exclusive": False, "autoDelete": False}
    return {"amqp": {"is": "queue", "queue": shown, "bindingVersion": BINDING}}
