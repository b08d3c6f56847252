"""From the engine's reports to events: each kind by its maker."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from pombo_worker.events import Said
from pombo_worker.sessions.chat_reports import changed_chats, chat_rows, contact_rows, contacts_said, new_chats
from pombo_worker.sessions.history import history_said
from pombo_worker.sessions.messages import status_word
from pombo_worker.sessions.report_shapes import (
    Label,
    LabelAssociation,
    Owner,
    Participant,
    ParticipantsChange,
    PresenceUpdate,
    StatusUpdate,
    plain,
)

READ, DELIVERED, PLAYED = "READ", "DELIVERY_ACK", "PLAYED"
UNKNOWN_STATUS = "DELETED"


def said_by(kind: str, data: Any, owner: Owner) -> Iterable[Said]:  # noqa: ANN401 - any JSON
    """Return the events of one report, in their order; none for a report that is not known.

    Args:
        kind: the engine library's name of the event.
        data: what it says, as plain JSON.
        owner: whose report it is.
    """
    make = MAKERS.get(kind)
    return () if make is None else make(data, owner)


def _statuses(updates: list[dict[str, Any]], owner: Owner) -> list[Said]:
    return [_status(each["key"], status_word(each["status"]) or UNKNOWN_STATUS, owner) for each in updates]


def _group_receipts(receipts: list[dict[str, Any]], owner: Owner) -> list[Said]:
    said = []
    for each in receipts:
        receipt = each["receipt"]
        word = PLAYED if "playedTimestamp" in receipt else READ if "readTimestamp" in receipt else DELIVERED
        said.append(_status(each["key"] | {"participant": receipt.get("userJid")}, word, owner))
    return said


def _status(key: dict[str, Any], status: str, owner: Owner) -> Said:
    update = StatusUpdate(
        key_id=key["id"],
        remote_jid=key.get("remoteJid"),
        from_me=bool(key.get("fromMe")),
        participant=key.get("participant") or None,
        status=status,
        instance_id=owner.id,
    )
    return Said("messages.update", plain(update))


def _deleted(deleted: dict[str, Any], _: Owner) -> list[Said]:
    if "keys" in deleted:
        return [Said("messages.delete", key) for key in deleted["keys"]]
    return [Said("messages.delete", {"remoteJid": deleted.get("jid"), "all": True})]


def _presence(presence: dict[str, Any], _: Owner) -> list[Said]:
    return [Said("presence.update", plain(msgspec.convert(presence, PresenceUpdate)))]


def _participants(change: dict[str, Any], _: Owner) -> list[Said]:
    participants = [each if isinstance(each, dict) else {"id": each} for each in change.get("participants") or []]
    shape = ParticipantsChange(
        id=change["id"],
        author=change.get("author") or None,
        participants=[each["id"] for each in participants],
        action=change["action"],
        participants_data=[Participant(jid=each["id"], phone_number=_phone(each)) for each in participants],
    )
    return [Said("group-participants.update", plain(shape))]


def _phone(participant: dict[str, Any]) -> str | None:
    jids = (participant.get("phoneNumber") or "", participant["id"])
    return next((jid.partition("@")[0] for jid in jids if jid.endswith("@s.whatsapp.net")), None)


def _label(label: dict[str, Any], owner: Owner) -> list[Said]:
    shape = Label(
        id=str(label["id"]),
        name=label.get("name") or "",
        color=label.get("color"),
        deleted=bool(label.get("deleted")),
        predefined_id=None if label.get("predefinedId") is None else str(label["predefinedId"]),
        instance=owner.name,
    )
    return [Said("labels.edit", plain(shape))]


def _label_association(report: dict[str, Any], owner: Owner) -> list[Said]:
    association = report["association"]
    shape = LabelAssociation(
        instance=owner.name,
        type=report["type"],
        chat_id=association.get("chatId"),
        label_id=association.get("labelId"),
    )
    return [Said("labels.association", plain(shape))]


def _history(part: dict[str, Any], owner: Owner) -> Iterable[Said]:
    return history_said(
        part,
        owner.id,
        contacts=contact_rows(part.get("contacts") or [], owner),
        chats=chat_rows(part.get("chats") or [], owner),
    )


MAKERS: dict[str, Callable[[Any, Owner], Iterable[Said]]] = {
    "messages.update": _statuses,
    "message-receipt.update": _group_receipts,
    "messages.delete": _deleted,
    "presence.update": _presence,
    "contacts.upsert": contacts_said("contacts.upsert"),
    "contacts.update": contacts_said("contacts.update"),
    "chats.upsert": new_chats,
    "chats.update": changed_chats,
    "chats.delete": lambda ids, _: [Said("chats.delete", ids)],
    "groups.upsert": lambda groups, _: [Said("groups.upsert", groups)],
    "groups.update": lambda groups, _: [Said("groups.update", groups)],
    "group-participants.update": _participants,
    "labels.edit": _label,
    "labels.association": _label_association,
    "messaging-history.set": _history,
}
