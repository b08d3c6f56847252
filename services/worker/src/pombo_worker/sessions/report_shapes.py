"""The contract's payloads of what is reported beside messages and calls."""

from typing import Any, Literal

import msgspec


class StatusUpdate(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Payload of `messages.update`: a message got another status.

    Attributes:
        participant: who confirmed it, in a group.
        status: a word of the contract; DELETED for one that is not known.
    """

    key_id: str
    remote_jid: str | None
    from_me: bool
    participant: str | None = None
    status: str
    instance_id: str


class Contact(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One contact of `contacts.upsert`, `contacts.update` and `contacts.set`; the picture is never fetched."""

    remote_jid: str
    push_name: str | None
    profile_pic_url: str | None
    instance_id: str


class NamedChat(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One chat of `chats.set`."""

    remote_jid: str
    instance_id: str
    name: str | None


class NewChat(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One chat of `chats.upsert`."""

    remote_jid: str
    instance_id: str
    name: str | None = None
    unread_messages: int


class ChangedChat(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One chat of `chats.update`."""

    remote_jid: str
    instance_id: str


class Participant(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One participant, with what is known of it; `phone_number` is digits, None when only a LID is known."""

    jid: str
    phone_number: str | None
    name: str | None = None
    img_url: str | None = None


class ParticipantsChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Payload of `group-participants.update`."""

    id: str
    author: str | None = None
    participants: list[str]
    action: str
    participants_data: list[Participant]


class Label(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Payload of `labels.edit`; `instance` is the instance's name."""

    id: str
    name: str
    color: int | None
    deleted: bool
    predefined_id: str | None = None
    instance: str


class LabelAssociation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Payload of `labels.association`."""

    instance: str
    type: Literal["add", "remove"]
    chat_id: str | None
    label_id: str | None


class Presence(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What one participant of a chat does; `last_seen` in seconds since 1970."""

    last_known_presence: str
    last_seen: int | None = None


class PresenceUpdate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Payload of `presence.update`: who of a chat is seen how."""

    id: str
    presences: dict[str, Presence]


class Owner(msgspec.Struct, frozen=True):
    """Whose reports they are: the instance's name and id."""

    name: str
    id: str


def plain(shape: Any) -> Any:  # noqa: ANN401 - structs in, plain JSON out
    """Return a shape, or several, as plain JSON."""
    return msgspec.to_builtins(shape)
