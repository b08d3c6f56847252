"""What an open connection is asked to send, and what comes of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from pombo_common.model.addressed import Presence
from pombo_common.model.messages import MediaType, MessageKey, Quoted
from pombo_common.model.recipients import Target
from pombo_worker.engines.unavailable import EngineUnavailable


class NotSent(EngineUnavailable):
    """Nothing has left; the message says why. Any other EngineUnavailable leaves open whether something did."""


class NoRecipient(NotSent):
    """WhatsApp has no such number, or no such group that the account could write to."""


class Text(msgspec.Struct, frozen=True):
    """A text."""

    text: str


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file to send.

    Attributes:
        path: where it lies; the caller removes it afterwards.
    """

    type: MediaType
    path: Path
    mimetype: str
    file_name: str
    caption: str = ""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One message to send.

    Attributes:
        id: its WhatsApp id.
        mentions: JIDs of mentioned members of a group.
    """

    id: str
    to: Target
    content: Text | File
    mentions: Sequence[str] = ()
    mentions_every_one: bool = False
    quoted: Quoted | None = None


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A message that has left.

    Attributes:
        message: key, messageTimestamp, status, message … as plain JSON.
        encoded: its content as WhatsApp's protobuf, to be sent again to a device that could not read it.
    """

    message: dict[str, Any]
    encoded: bytes


class Sender(Protocol):
    """The part of a connection that sends.

    Every method raises NoRecipient or NotSent when nothing has left, and another EngineUnavailable when that is not
    known: the engine did not answer in time, or is gone.
    """

    async def send(self, message: Outgoing) -> Sent:
        """Send one message; several calls may run at once."""

    async def numbers(self, targets: Sequence[Target]) -> list[str | None]:
        """Return the JID of each phone and group that WhatsApp has; other JIDs as they are."""

    async def read(self, keys: Sequence[MessageKey]) -> None:
        """Tell the senders of received messages that these were read."""

    async def show_in_chat(self, to: Target, presence: Presence, delay_ms: int) -> None:
        """Show a presence in one chat; with a delay `paused` follows."""
