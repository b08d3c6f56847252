"""Bodies of requests that no command carries as they are; the others are the types of the common library."""

from typing import Annotated

import msgspec
from msgspec import Meta

from pombo_common.model.commands import Presence
from pombo_common.model.create import Number
from pombo_common.model.messages import MOST_KEYS, MOST_NUMBERS, Delay, MediaFields, MessageKey, Recipient
from pombo_common.model.settings import Line, QueueSinkInput, SwitchesInput, Text, WebhookInput


class SettingsBody(SwitchesInput, kw_only=True, rename="camel"):
    """Behaviour switches: all six are required, `msgCall` left out is empty, `wavoipToken` must be empty."""

    wavoip_token: Line = ""


class PresenceBody(msgspec.Struct):
    """What the account's contacts shall see."""

    presence: Presence


class WebhookBody(msgspec.Struct):
    """A webhook; its members are also taken without the wrapper."""

    webhook: WebhookInput


class RabbitmqBody(msgspec.Struct):
    """A RabbitMQ sink; its members are also taken without the wrapper."""

    rabbitmq: QueueSinkInput


class SqsBody(msgspec.Struct):
    """An SQS sink; its members are also taken without the wrapper."""

    sqs: QueueSinkInput


class ScanBody(msgspec.Struct):
    """A scan by the phone of a number; left out: the instance's own, else one made from its id."""

    number: Number | None = None


class PairBody(msgspec.Struct):
    """A pairing code as a person types it, in either case, with or without a dash."""

    code: Line


class MessageBody(msgspec.Struct, kw_only=True, rename="camel"):
    """A text from a contact."""

    sender: Number = msgspec.field(name="from")
    text: Text
    push_name: Line | None = None


class CallBody(msgspec.Struct, kw_only=True, rename="camel"):
    """A call from a contact."""

    sender: Number = msgspec.field(name="from")
    is_video: bool = False


class NumbersBody(msgspec.Struct):
    """Numbers to ask WhatsApp for."""

    numbers: Annotated[list[Recipient], Meta(max_length=MOST_NUMBERS)]


class ReadBody(msgspec.Struct, kw_only=True, rename="camel"):
    """Messages that were read, by their keys."""

    read_messages: Annotated[list[MessageKey], Meta(max_length=MOST_KEYS)]


class ChatPresenceBody(msgspec.Struct, kw_only=True):
    """What one chat shall see."""

    number: Recipient
    presence: Presence
    delay: Delay = 0


class MediaForm(MediaFields, kw_only=True, rename="camel"):
    """Media as a form; the content is the part `file`, `delay`, `quoted` and the mentions are JSON."""

    file: bytes | None = None
