"""From the engine's reports about contacts and chats to events and to the rows of a history."""

from collections.abc import Callable
from typing import Any

from pombo_worker.events import Said
from pombo_worker.sessions.report_shapes import ChangedChat, Contact, NamedChat, NewChat, Owner, plain


def contacts_said(kind: str) -> Callable[[list[dict[str, Any]], Owner], list[Said]]:
    """Return what makes events of this kind of contacts."""

    def make(contacts: list[dict[str, Any]], owner: Owner) -> list[Said]:
        rows = contact_rows(contacts, owner)
        # The contract: one object for the sender of a message, an array for what is synchronised.
        single = kind == "contacts.update" and len(rows) == 1 and "notify" in contacts[0]
        return [Said(kind, rows[0] if single else rows)]

    return make


def contact_rows(contacts: list[dict[str, Any]], owner: Owner) -> list[dict[str, Any]]:
    """Return contacts in the contract's shape."""
    return [
        plain(Contact(remote_jid=each["id"], push_name=_name(each), profile_pic_url=None, instance_id=owner.id))
        for each in contacts
    ]


def _name(contact: dict[str, Any]) -> str | None:
    return next((contact[name] for name in ("notify", "name", "verifiedName") if contact.get(name)), None)


def new_chats(chats: list[dict[str, Any]], owner: Owner) -> list[Said]:
    """Return the `chats.upsert` of chats that are new."""
    rows = [
        NewChat(
            remote_jid=each["id"],
            instance_id=owner.id,
            name=each.get("name"),
            unread_messages=max(0, each.get("unreadCount") or 0),
        )
        for each in chats
    ]
    return [Said("chats.upsert", plain(rows))]


def changed_chats(chats: list[dict[str, Any]], owner: Owner) -> list[Said]:
    """Return the `chats.update` of chats in which something changed."""
    rows = [ChangedChat(remote_jid=each["id"], instance_id=owner.id) for each in chats]
    return [Said("chats.update", plain(rows))]


def chat_of(message: dict[str, Any], owner: Owner) -> Said:
    """Return the `chats.update` of the chat that a message belongs to."""
    return changed_chats([{"id": message["key"]["remoteJid"]}], owner)[0]


def chat_rows(chats: list[dict[str, Any]], owner: Owner) -> list[dict[str, Any]]:
    """Return chats in the shape of `chats.set`."""
    return [plain(NamedChat(remote_jid=each["id"], instance_id=owner.id, name=each.get("name"))) for each in chats]
