"""The history that a phone sends a newly linked device, in events of bounded size."""

from collections.abc import Iterator
from typing import Any

import msgspec

from pombo_worker.events import Said
from pombo_worker.sessions.messages import upsert_payload

MOST_BYTES = 256 * 1024
"""An event of the history is not larger, unless one message alone is."""


def history_said(
    part: dict[str, Any], instance_id: str, *, contacts: list[dict[str, Any]], chats: list[dict[str, Any]]
) -> Iterator[Said]:
    """Return the events of one part of the history: contacts, then chats, then messages.

    Args:
        part: `messages` as the engine gives them, `progress` in percent, `isLatest`.
        instance_id: of the instance that received it.
        contacts: in the contract's shape.
        chats: in the contract's shape.
    """
    payloads = (upsert_payload(message, instance_id) for message in part.get("messages") or [])
    messages = [payload for payload in payloads if payload is not None]
    for kind, rows in (("contacts.set", contacts), ("chats.set", chats), ("messages.set", messages)):
        for piece in pieces(rows):
            yield Said(kind, piece, progress=part.get("progress"), is_latest=part.get("isLatest"))


def pieces(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Cut a list into pieces that are not larger than MOST_BYTES as JSON."""
    piece: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        length = len(msgspec.json.encode(row)) + 1
        if piece and size + length > MOST_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(row)
        size += length
    if piece:
        yield piece
