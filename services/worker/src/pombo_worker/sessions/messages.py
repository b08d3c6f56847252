"""From a message as the engine gives it to its event: `messages.upsert`, `messages.edited` or `messages.delete`."""

import re
from typing import Any

TYPELESS = frozenset({"messageContextInfo", "senderKeyDistributionMessage"})
SILENT = frozenset({"protocolMessage"})
OWN_NAME = "Você"
"""What the contract shows as the name of whoever is the account itself."""

REVOKE, MESSAGE_EDIT = 0, 14
"""The kinds of protocol message that change an earlier one."""

STATUSES = ("ERROR", "PENDING", "SERVER_ACK", "DELIVERY_ACK", "READ", "PLAYED")
SOURCES = (
    ("ios", re.compile(r"3A.{18}\Z")),
    ("web", re.compile(r"3E.{20}\Z")),
    ("android", re.compile(r"(.{21}|.{32})\Z")),
    ("desktop", re.compile(r"3F|.{18}\Z")),
)


def message_event(message: dict[str, Any], instance_id: str) -> tuple[str, dict[str, Any]] | None:
    """Return a message's event, its type and payload; None when it is protocol traffic that no subscriber gets.

    Args:
        message: key, messageTimestamp, pushName, status, message … as plain JSON.
        instance_id: of the instance that received it.
    """
    content = message.get("message") or {}
    change = _unwrapped(content, "editedMessage").get("protocolMessage")
    key = (change or {}).get("key") or {}
    if change is not None and key.get("id"):
        return _change(message["key"], key, change)
    payload = upsert_payload(message, instance_id)
    return None if payload is None else ("messages.upsert", payload)


def upsert_payload(message: dict[str, Any], instance_id: str) -> dict[str, Any] | None:
    """Return the payload for a message; None when the message is protocol traffic.

    Args:
        message: as in `message_event`.
        instance_id: of the instance that received it.
    """
    content = dict(_unwrapped(message.get("message") or {}, "documentWithCaptionMessage"))
    # A key of the sender's, for the device alone.
    content.pop("senderKeyDistributionMessage", None)
    kind = kind_of(content)
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
        "pushName": OWN_NAME if key.get("fromMe") else message.get("pushName"),
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
        message: as in `message_event`; it has content.
        instance_id: of the instance that sent it.
    """
    payload = upsert_payload(message, instance_id)
    if payload is None:
        raise ValueError("a message that was sent has no content")
    content = {name: part for name, part in payload["message"].items() if name not in TYPELESS}
    context = payload.get("contextInfo") or {}
    return payload | {"message": content, "pushName": OWN_NAME, "status": "PENDING", "contextInfo": context}


def kind_of(content: dict[str, Any]) -> str | None:
    """Return the member of a message that says what it is."""
    return next((name for name in content if name not in TYPELESS), None)


def status_word(number: object) -> str | None:
    """Return the contract's word for a status number; None for one that is not known."""
    return STATUSES[number] if isinstance(number, int) and 0 <= number < len(STATUSES) else None


def _unwrapped(content: dict[str, Any], wrapper: str) -> dict[str, Any]:
    """Take a message out of a wrapper that only marks it."""
    inner = content.get(wrapper)
    if not isinstance(inner, dict) or not isinstance(inner.get("message"), dict):
        return content
    rest = {name: part for name, part in content.items() if name != wrapper}
    return {**inner["message"], **rest}


def _change(key: dict[str, Any], changed: dict[str, Any], change: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return the event of a change; its key names the earlier message, seen from this account."""
    earlier = key | {"id": changed["id"]}
    if change.get("type", REVOKE) == REVOKE:
        if changed.get("participant") and "participant" in key:
            earlier["participant"] = changed["participant"]
        return "messages.delete", earlier
    if change["type"] != MESSAGE_EDIT:
        return None
    edited = {"key": earlier, "type": "MESSAGE_EDIT", "editedMessage": change.get("editedMessage") or {}}
    return "messages.edited", edited | {"timestampMs": change.get("timestampMs")}


def _status(message: dict[str, Any]) -> str:
    word = status_word(message.get("status"))
    return word or ("SERVER_ACK" if message["key"].get("fromMe") else "DELIVERY_ACK")


def _source(message_id: str) -> str:
    return next((name for name, pattern in SOURCES if pattern.match(message_id)), "unknown")
