"""Commands as they travel on the Bus, and their replies. One tagged union, told apart by `type`."""

from typing import Any

import msgspec

from pombo_common.model.addressed import Addressed, CommandId, NotAfter, Presence
from pombo_common.model.create import CreateFields
from pombo_common.model.deliveries import DeliveryResend, WebhookTest
from pombo_common.model.errors import ErrorInfo
from pombo_common.model.messages import ChatNumbers, ChatPresence, ChatRead, MessageMedia, MessageText
from pombo_common.model.settings import Line, ProxyInput, QueueSinkInput, SwitchesInput, WebhookInput

__all__ = ["Addressed", "CommandId", "Presence"]


class InstanceCreate(CreateFields, kw_only=True, rename="camel", tag_field="type", tag="instance.create"):
    """Create an instance; with `qrcode` its session is started as well. The first three are those of Addressed."""

    id: CommandId
    instance: Line
    not_after: NotAfter = None


class InstanceConnect(Addressed, kw_only=True, rename="camel", tag="instance.connect"):
    """Start the instance's session unless it runs; with a number also ask for a pairing code.

    Attributes:
        number: digits of the phone that will type the code.
        code: a pairing code of one's own, 8 characters.
    """

    number: Line | None = None
    code: Line | None = None


class InstanceDelete(Addressed, kw_only=True, rename="camel", tag="instance.delete"):
    """Unlink and end the session, and remove the instance."""


class InstanceRestart(Addressed, kw_only=True, rename="camel", tag="instance.restart"):
    """Close the connection and make a new one; starts the session of a closed instance."""


class InstanceLogout(Addressed, kw_only=True, rename="camel", tag="instance.logout"):
    """Unlink the device, end the session and forget its credentials."""


class InstancePresence(Addressed, kw_only=True, rename="camel", tag="instance.presence"):
    """Show a presence to the account's contacts."""

    presence: Presence


class PresenceShown(msgspec.Struct, frozen=True, kw_only=True):
    """Result of InstancePresence."""

    presence: Presence


class SettingsSet(SwitchesInput, kw_only=True, rename="camel", tag_field="type", tag="settings.set"):
    """Replace the behaviour switches. The first three are those of Addressed."""

    id: CommandId
    instance: Line
    not_after: NotAfter = None


class ProxySet(ProxyInput, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="proxy.set"):
    """Set the proxy; a disabled one is blanked. The first three are those of Addressed."""

    id: CommandId
    instance: Line
    not_after: NotAfter = None


class RabbitmqSet(Addressed, kw_only=True, rename="camel", tag="rabbitmq.set"):
    """Set the RabbitMQ sink."""

    rabbitmq: QueueSinkInput

    @property
    def sink(self) -> QueueSinkInput:
        """What it sets, under the name that all sinks share."""
        return self.rabbitmq


class SqsSet(Addressed, kw_only=True, rename="camel", tag="sqs.set"):
    """Set the SQS sink."""

    sqs: QueueSinkInput

    @property
    def sink(self) -> QueueSinkInput:
        """What it sets, under the name that all sinks share."""
        return self.sqs


class WebhookSet(Addressed, kw_only=True, rename="camel", tag="webhook.set"):
    """Set the instance's webhook; absent members keep their value."""

    webhook: WebhookInput


class SealedCommand(Addressed, kw_only=True, rename="camel", tag="sealed"):
    """Another command, sealed: what the API publishes, so that no token rests on the broker.

    Attributes:
        box: the inner command's JSON, sealed for `command/<id>`.
    """

    box: bytes


PlainCommand = (
    InstanceCreate
    | InstanceConnect
    | InstanceRestart
    | InstanceLogout
    | InstanceDelete
    | InstancePresence
    | SettingsSet
    | WebhookSet
    | ProxySet
    | RabbitmqSet
    | SqsSet
    | MessageText
    | MessageMedia
    | ChatNumbers
    | ChatRead
    | ChatPresence
    | DeliveryResend
    | WebhookTest
)
Command = PlainCommand | SealedCommand


class Reply(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """Outcome of a command: `result` (a neutral Struct's JSON) when ok, else `error`."""

    id: str
    ok: bool
    result: Any = None
    error: ErrorInfo | None = None
