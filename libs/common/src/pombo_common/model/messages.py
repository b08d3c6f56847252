"""Messages to send, and what is asked of a chat: the fields that REST and the queue share, and their results."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pombo_common.model.addressed import Addressed, CommandId, NotAfter, Presence
from pombo_common.model.settings import Line

MOST_DELAY_MS = 60_000
MOST_NUMBERS = 500
MOST_KEYS = 500

Recipient = Annotated[str | int, Meta(description="Digits with country code, or a JID.")]
LongText = Annotated[str, Meta(max_length=65_536)]
Delay = Annotated[
    int, Meta(ge=0, le=MOST_DELAY_MS, description="Milliseconds for which the chat shows that somebody types.")
]
MediaType = Literal["image", "video", "audio", "document"]
MessageStatus = Literal["ERROR", "PENDING", "SERVER_ACK", "DELIVERY_ACK", "READ", "PLAYED"]


class QuotedKey(msgspec.Struct, kw_only=True, rename="camel"):
    """Which message is answered."""

    id: Line
    remote_jid: Line | None = None
    from_me: bool = False
    participant: Line | None = None


class Quoted(msgspec.Struct, kw_only=True):
    """The message that is answered; `message` is its content, shown above the answer."""

    key: QuotedKey
    message: dict[str, Any] | None = None


class MessageFields(msgspec.Struct, kw_only=True, rename="camel"):
    """What all messages have.

    Attributes:
        number: who gets it.
        mentions_every_one: in a group: mention all of its members.
        mentioned: in a group: digits, JIDs or LIDs of the members to mention.
        quoted: the message that this one answers.
    """

    number: Recipient
    delay: Delay = 0
    mentions_every_one: bool = False
    mentioned: Annotated[list[Recipient], Meta(max_length=MOST_NUMBERS)] | None = None
    quoted: Quoted | None = None


class TextFields(MessageFields, kw_only=True, rename="camel"):
    """A text; `linkPreview` is accepted, and no preview is made."""

    text: LongText
    link_preview: bool = True


class StoredMedia(msgspec.Struct, kw_only=True, rename="camel"):
    """Media that the API put into the Store, in chunks, for this command.

    Attributes:
        id: of the blob.
        chunks: how many.
        size: bytes in all.
        digest: of the content.
    """

    id: Line
    chunks: int
    size: int
    digest: Line


class MediaFields(MessageFields, kw_only=True, rename="camel"):
    """A picture, video, sound or document.

    Attributes:
        media: http or https address, or base64 (also as a data URI).
        mimetype: left out: that of the data URI, the file name, the address' answer, or the usual one of its kind.
        file_name: left out: the last part of the address.
    """

    mediatype: MediaType
    media: str | None = None
    mimetype: Line | None = None
    caption: LongText = ""
    file_name: Line | None = None


class MessageText(TextFields, kw_only=True, rename="camel", tag_field="type", tag="message.text"):
    """Send a text. The first three are those of Addressed."""

    id: CommandId
    instance: Line
    not_after: NotAfter = None


class MessageMedia(MediaFields, kw_only=True, rename="camel", tag_field="type", tag="message.media"):
    """Send a picture, video, sound or document; `stored` is the API's own, larger files come by address."""

    id: CommandId
    instance: Line
    not_after: NotAfter = None
    stored: StoredMedia | None = None


class MessageKey(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """Names one message."""

    remote_jid: Line
    from_me: bool = False
    id: Line
    participant: Line | None = None


class ChatNumbers(Addressed, kw_only=True, rename="camel", tag="chat.numbers"):
    """Ask WhatsApp which of these numbers it has."""

    numbers: Annotated[list[Recipient], Meta(max_length=MOST_NUMBERS)]


class ChatRead(Addressed, kw_only=True, rename="camel", tag="chat.read"):
    """Mark received messages as read."""

    read_messages: Annotated[list[MessageKey], Meta(max_length=MOST_KEYS)]


class ChatPresence(Addressed, kw_only=True, rename="camel", tag="chat.presence"):
    """Show a presence in one chat; with a delay it is followed by `paused` after so many milliseconds."""

    number: Recipient
    presence: Presence
    delay: Delay = 0


class SentKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Key of a message that was sent."""

    remote_jid: str
    from_me: bool
    id: str


class SentMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message that was handed to WhatsApp; also the data of `send.message`.

    Attributes:
        message: the content as plain JSON, bytes in base64.
        message_timestamp: seconds since the epoch.
    """

    key: SentKey
    push_name: str
    status: MessageStatus
    message: dict[str, Any]
    context_info: dict[str, Any]
    message_type: str
    message_timestamp: int
    instance_id: str
    source: str


class NumberCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Whether WhatsApp has a number, and under which JID."""

    jid: str
    exists: bool
    number: str


class NumbersChecked(msgspec.Struct, frozen=True, kw_only=True):
    """Result of ChatNumbers, in the order in which was asked."""

    numbers: list[NumberCheck]


class MessagesRead(msgspec.Struct, frozen=True, kw_only=True):
    """Result of ChatRead."""

    message: Literal["Read messages"] = "Read messages"
    read: Literal["success"] = "success"


class ChatPresenceShown(msgspec.Struct, frozen=True, kw_only=True):
    """Result of ChatPresence."""

    presence: Presence
