"""One body for each command, in an order in which they can be sent one after the other; a test sends them."""

from typing import Any

COMMANDS: tuple[dict[str, Any], ...] = (
    {
        "id": "order-4711-create",
        "type": "instance.create",
        "instance": "shop1",
        "integration": "WHATSAPP-BAILEYS",
        "number": "559999999999",
        "rejectCall": True,
        "msgCall": "Please write instead.",
        "webhook": {"url": "https://shop.example/hook", "events": ["QRCODE_UPDATED", "CONNECTION_UPDATE"]},
    },
    {
        "id": "order-4711-webhook",
        "type": "webhook.set",
        "instance": "shop1",
        "webhook": {"enabled": True, "headers": {"authorization": "Bearer of-your-choice"}, "byEvents": True},
    },
    {
        "id": "order-4711-settings",
        "type": "settings.set",
        "instance": "shop1",
        "rejectCall": False,
        "groupsIgnore": True,
        "alwaysOnline": True,
        "readMessages": False,
        "readStatus": False,
        "syncFullHistory": False,
    },
    {
        "id": "order-4711-proxy",
        "type": "proxy.set",
        "instance": "shop1",
        "enabled": False,
    },
    {
        "id": "order-4711-rabbitmq",
        "type": "rabbitmq.set",
        "instance": "shop1",
        "rabbitmq": {"enabled": True, "events": []},
    },
    {"id": "order-4711-sqs", "type": "sqs.set", "instance": "shop1", "sqs": {"enabled": False}},
    {"id": "order-4711-connect", "type": "instance.connect", "instance": "shop1"},
    {"id": "order-4711-presence", "type": "instance.presence", "instance": "shop1", "presence": "available"},
    {"id": "order-4711-text", "type": "message.text", "instance": "shop1", "number": "559999999999", "text": "Hello"},
    {
        "id": "order-4711-media",
        "type": "message.media",
        "instance": "shop1",
        "number": "559999999999",
        "mediatype": "image",
        "media": "R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==",
        "mimetype": "image/gif",
        "caption": "Your receipt",
    },
    {"id": "order-4711-numbers", "type": "chat.numbers", "instance": "shop1", "numbers": ["559999999999", "12345"]},
    {
        "id": "order-4711-read",
        "type": "chat.read",
        "instance": "shop1",
        "readMessages": [{"remoteJid": "559999999999@s.whatsapp.net", "fromMe": False, "id": "3A5F8E2D9C1B7046AE21"}],
    },
    {
        "id": "order-4711-typing",
        "type": "chat.presence",
        "instance": "shop1",
        "number": "559999999999",
        "presence": "composing",
        "delay": 0,
    },
    {"id": "order-4711-test", "type": "webhook.test", "instance": "shop1"},
    {
        "id": "order-4711-resend",
        "type": "delivery.resend",
        "instance": "shop1",
        "event": "6f1c2a9be4d84c0f8d3b7a51e09c2d46",
        "destination": "webhook",
    },
    {"id": "order-4711-restart", "type": "instance.restart", "instance": "shop1"},
    {"id": "order-4711-logout", "type": "instance.logout", "instance": "shop1"},
    {"id": "order-4711-delete", "type": "instance.delete", "instance": "shop1"},
)

REPLIES: dict[str, dict[str, Any]] = {
    "Refusal": {
        "id": "order-4712-create",
        "ok": False,
        "error": {"status": 403, "code": "name_taken", "message": ['This name "shop1" is already in use.']},
    },
    "PresenceShown": {"id": "order-4711-presence", "ok": True, "result": {"presence": "available"}},
    "Settings": {
        "id": "order-4711-settings",
        "ok": True,
        "result": {
            "rejectCall": False,
            "msgCall": "",
            "groupsIgnore": True,
            "alwaysOnline": True,
            "readMessages": False,
            "readStatus": False,
            "syncFullHistory": False,
        },
    },
}
"""Bodies of replies, by the message that they are examples of."""


def commands_of(kind: str) -> list[dict[str, Any]]:
    """Return the examples of one type of command."""
    return [{"summary": body["id"], "payload": body} for body in COMMANDS if body["type"] == kind]


def replies_of(message: str) -> list[dict[str, Any]]:
    """Return the examples of one kind of reply."""
    return [{"payload": REPLIES[message]}] if message in REPLIES else []
