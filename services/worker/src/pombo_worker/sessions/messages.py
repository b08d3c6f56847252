"""From a message as the engine gives it to the payload of `messages.upsert`."""

import re
from typing import Any

TYPELESS = frozenset({"messageContextInfo", "senderKeyDistributionMessage"})
SILENT = frozenset({"protocolMessage"})
OWN_NAME = "Você"
"""What the contract shows as the name of whoever is the account itself."""

STATUSES = ("ERROR", "PENDING", "SERVER_ACK", "DELIVERY_ACK", "READ", "PLAYED")
SOURCES = (
    ("ios", re.compile(r"3A.{18}\Z")),
    ("web", re.compile(r"3E.{20}\Z")),
    ("android", re.compile(r"(.{21}|.{32})\Z")),
    ("desktop", re.compile(r"3F|.{18}\Z")),
)


def upsert_payload(message: dict[str, Any], instance_id: str) -> dict[str, Any] | None:
    """Return the payload for a message; None when the message is protocol traffic that no subscriber gets.

    Args:
        message: key, messageTimestamp, pushName, status, message … as plain JSON.
        instance_id: of the instance that received it.
    """
    content = dict(message.get("message") or {})
    kind = next((name for name in content if name not in TYPELESS), None)
    if kind is None or kind in SILENT:
        return None
    if kind == "extendedTextMessage":
        text = content.pop(kind)
        content = {"conversation": text.get("text", ""), **content}
        context = text.get("contextInfo")
        kind = "conversation"
    else:
        inner = content[kind]
        context = inner.get("contextInfo") if isinstance(inner, dict) else None
    key = message["key"]
    payload = {
        "key": key,
        "pushName": message.get("pushName"),
        "status": _status(message),
        "message": content,
        "messageType": kind,
        "messageTimestamp": message.get("messageTimestamp"),
        "instanceId": instance_id,
        "source": _source(str(key.get("id", ""))),
    }
    return payload if context is None else payload | {"contextInfo": context}


def sent_payload(message: dict[str, Any], instance_id: str) -> dict[str, Any]:
    """Return the payload of a message that was just sent.

    Args:
        message: as in `upsert_payload`; it has content.
        instance_id: of the instance that sent it.
    """
    payload = upsert_payload(message, instance_id)
    if payload is None:
        raise ValueError("a message that was sent has no content")
    content = {name: part for name, part in payload["message"].items() if name not in TYPELESS}
    context = payload.get("contextInfo") or {}
    return payload | {"message": content, "pushName": OWN_NAME, "status": "PENDING", "contextInfo": context}


def _status(message: dict[str, Any]) -> str:
    number = message.get("status")
    if isinstance(number, int) and 0 <= number < len(STATUSES):
        return STATUSES[number]
    return "SERVER_ACK" if message["key"].get("fromMe") else "DELIVERY_ACK"


def _source(message_id: str) -> str:
    return next((name for name, pattern in SOURCES if pattern.match(message_id)), "unknown")
