"""Events: their names in configuration and on the wire, their shape in the log, and their envelope."""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

EVENT_NAMES: dict[str, str] = {
    "APPLICATION_STARTUP": "application.startup",
    "QRCODE_UPDATED": "qrcode.updated",
    "MESSAGES_SET": "messages.set",
    "MESSAGES_UPSERT": "messages.upsert",
    "MESSAGES_EDITED": "messages.edited",
    "MESSAGES_UPDATE": "messages.update",
    "MESSAGES_DELETE": "messages.delete",
    "SEND_MESSAGE": "send.message",
    "SEND_MESSAGE_UPDATE": "send.message.update",
    "CONTACTS_SET": "contacts.set",
    "CONTACTS_UPSERT": "contacts.upsert",
    "CONTACTS_UPDATE": "contacts.update",
    "PRESENCE_UPDATE": "presence.update",
    "CHATS_SET": "chats.set",
    "CHATS_UPSERT": "chats.upsert",
    "CHATS_UPDATE": "chats.update",
    "CHATS_DELETE": "chats.delete",
    "GROUPS_UPSERT": "groups.upsert",
    "GROUP_UPDATE": "groups.update",
    "GROUP_PARTICIPANTS_UPDATE": "group-participants.update",
    "CONNECTION_UPDATE": "connection.update",
    "LABELS_EDIT": "labels.edit",
    "LABELS_ASSOCIATION": "labels.association",
    "CALL": "call",
    "TYPEBOT_START": "typebot.start",
    "TYPEBOT_CHANGE_STATUS": "typebot.change-status",
    "REMOVE_INSTANCE": "remove.instance",
    "LOGOUT_INSTANCE": "logout.instance",
    "INSTANCE_CREATE": "instance.create",
    "INSTANCE_DELETE": "instance.delete",
    "STATUS_INSTANCE": "status.instance",
}
EVENT_ALIASES: dict[str, str] = {"GROUPS_UPDATE": "GROUP_UPDATE"}
CONFIG_NAMES: dict[str, str] = {wire: config for config, wire in EVENT_NAMES.items()}


def event_name(given: str) -> str:
    """Return the UPPER_SNAKE name that a client means, in whatever case and by either name of group updates."""
    upper = given.upper()
    return EVENT_ALIASES.get(upper, upper)


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event on its way into the log; the log gives it its seq.

    Attributes:
        id: unique, the same in every delivery.
        type: wire name, for example `connection.update`.
        at: milliseconds since the epoch.
        body: `EventBody` as JSON, sealed for the instance.
    """

    id: str
    type: str
    at: int
    body: bytes


class LoggedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the log holds it.

    Attributes:
        seq: its place in the instance's log, gapless from 1.
        epoch: the lease's epoch when it was written, 0 before the first lease.
    """

    seq: int
    epoch: int
    id: str
    type: str
    at: int
    body: bytes


class EventBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What an event says, in no sink's envelope.

    Attributes:
        data: the payload of the contract.
        sender: own JID when it was written, None until linked.
        progress: of an event of the history: percent that has come with it.
        is_latest: of an event of the history: whether it is the first history after the pairing.
    """

    data: Any
    sender: str | None = None
    progress: int | None = None
    is_latest: bool | None = None


class Envelope(msgspec.Struct, kw_only=True, rename={"is_latest": "isLatest"}):
    """Body of a webhook delivery; absent members are left out. The last two are those of the history's events."""

    event: str
    instance: str
    data: Any
    destination: str | msgspec.UnsetType = msgspec.UNSET
    date_time: str
    sender: str | msgspec.UnsetType = msgspec.UNSET
    server_url: str | msgspec.UnsetType = msgspec.UNSET
    apikey: str | None = None
    progress: int | msgspec.UnsetType = msgspec.UNSET
    is_latest: bool | msgspec.UnsetType = msgspec.UNSET


def unset_if_none(value: T | None) -> T | msgspec.UnsetType:
    """Return a value for a member that is left out when there is none."""
    return msgspec.UNSET if value is None else value
