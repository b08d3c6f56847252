"""Every command and every kind of reply as a message, from their types."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pombo_api.asyncapi.examples import commands_of, replies_of
from pombo_common.model.commands import (
    InstanceConnect,
    InstanceCreate,
    InstanceDelete,
    InstanceLogout,
    InstancePresence,
    InstanceRestart,
    PlainCommand,
    PresenceShown,
    ProxySet,
    RabbitmqSet,
    SettingsSet,
    SqsSet,
    WebhookSet,
)
from pombo_common.model.deliveries import DeliveryResend, Resent, WebhookTest, WebhookTested
from pombo_common.model.instance import InstanceInfo
from pombo_common.model.messages import (
    ChatNumbers,
    ChatPresence,
    ChatPresenceShown,
    ChatRead,
    MessageMedia,
    MessagesRead,
    MessageText,
    NumbersChecked,
    SentMessage,
)
from pombo_common.model.settings import Proxy, QueueSink, Settings, Webhook

COMMANDS: Mapping[str, type] = {str(kind.__struct_config__.tag): kind for kind in get_args(PlainCommand)}
"""The commands, by `type`."""

RESULTS: Mapping[type, type] = {
    InstanceCreate: InstanceInfo,
    InstanceConnect: InstanceInfo,
    InstanceRestart: InstanceInfo,
    InstanceLogout: InstanceInfo,
    InstanceDelete: InstanceInfo,
    InstancePresence: PresenceShown,
    SettingsSet: Settings,
    WebhookSet: Webhook,
    ProxySet: Proxy,
    RabbitmqSet: QueueSink,
    SqsSet: QueueSink,
    MessageText: SentMessage,
    MessageMedia: SentMessage,
    ChatNumbers: NumbersChecked,
    ChatRead: MessagesRead,
    ChatPresence: ChatPresenceShown,
    DeliveryResend: Resent,
    WebhookTest: WebhookTested,
}
"""What `result` holds when a command was done."""

REFUSAL = "Refusal"

_COMMAND_PROPERTIES = {
    "reply_to": "Queue for the reply; left out: none is sent. `amq.rabbitmq.reply-to` works as well.",
    "correlation_id": "Comes back with the reply; left out: `message_id` does.",
    "message_id": "Any; the command's own id stands in the body.",
    "expiration": "Milliseconds; counts as `notAfter` from when a worker first takes it. `notAfter` goes before it.",
    "delivery_mode": "2, so that the command outlives a restart of the broker.",
}
_REPLY_PROPERTIES = {"correlation_id": "That of the command, else its `message_id`."}


def result_names() -> list[str]:
    """Return the names of the replies that carry a result, each once."""
    return list(dict.fromkeys(result.__name__ for result in RESULTS.values()))


def messages() -> dict[str, Any]:
    """Return all messages by name: commands by their `type`, replies by the type of their result."""
    return dict((*_commands(), *_replies()))


def _commands() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, kind in COMMANDS.items():
        yield (
            name,
            {
                "name": name,
                "title": name,
                "summary": str(kind.__doc__).split("\n", maxsplit=1)[0],
                "contentType": "application/json",
                "headers": _properties(_COMMAND_PROPERTIES),
                "correlationId": {"location": "$message.header#/correlation_id"},
                "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
                "examples": commands_of(name),
            },
        )


def _replies() -> Iterator[tuple[str, dict[str, Any]]]:
    done = {"ok": {"const": True}}
    for name in result_names():
        payload = _reply(done | {"result": {"$ref": f"#/components/schemas/{name}"}})
        yield name, _answer(name, f"Done: `result` is a {name}.", payload)
    refused = _reply({"ok": {"const": False}, "error": {"$ref": "#/components/schemas/ErrorInfo"}})
    yield REFUSAL, _answer(REFUSAL, "Not done: `error` says why, in the words of REST.", refused)


def _answer(name: str, summary: str, payload: dict[str, Any]) -> dict[str, Any]:
    answer = {
        "name": name,
        "summary": summary,
        "contentType": "application/json",
        "headers": _properties(_REPLY_PROPERTIES),
        "correlationId": {"location": "$message.header#/correlation_id"},
        "payload": payload,
    }
    examples = replies_of(name)
    return answer | ({"examples": examples} if examples else {})


def _reply(members: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one kind of reply."""
    whose = {"type": "string", "description": "The command's id."}
    properties = {"id": whose, **members}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _properties(told: Mapping[str, str]) -> dict[str, Any]:
    """Return AMQP's standard properties as AsyncAPI's headers; numbers travel as AMQP has them."""
    kinds = {"delivery_mode": "integer"}
    properties = {name: {"type": kinds.get(name, "string"), "description": text} for name, text in told.items()}
    return {"type": "object", "description": "Standard AMQP properties, not headers.", "properties": properties}
