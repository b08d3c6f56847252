"""Commands as they travel on the Bus, and their replies. One tagged union, told apart by `type`."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pombo_common.model.create import CreateFields
from pombo_common.model.errors import ErrorInfo
from pombo_common.model.settings import Line, WebhookInput

CommandId = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:-]+$")]


class Addressed(msgspec.Struct, kw_only=True, rename="camel", tag_field="type"):
    """What every command has.

    Attributes:
        id: chosen by the caller (an `Idempotency-Key`), unique for this instance for 24 h.
        instance: name of the instance.
        not_after: milliseconds since the epoch by the Store's clock; it is not started later.
    """

    id: CommandId
    instance: Line
    not_after: int | None = None


class InstanceCreate(CreateFields, kw_only=True, rename="camel", tag_field="type", tag="instance.create"):
    """Create an instance; with `qrcode` its session is started as well. The first three are those of Addressed."""

    id: CommandId
    instance: Line
    not_after: int | None = None


class InstanceConnect(Addressed, kw_only=True, rename="camel", tag="instance.connect"):
    """Start the instance's session unless it runs."""

    number: Line | None = None


class InstanceDelete(Addressed, kw_only=True, rename="camel", tag="instance.delete"):
    """Unlink and end the session, and remove the instance."""


class WebhookSet(Addressed, kw_only=True, rename="camel", tag="webhook.set"):
    """Set the instance's webhook; absent members keep their value."""

    webhook: WebhookInput


class SealedCommand(Addressed, kw_only=True, rename="camel", tag="sealed"):
    """Another command, sealed: what the API publishes, so that no token rests on the broker.

    Attributes:
        box: the inner command's JSON, sealed for `command/<id>`.
    """

    box: bytes


PlainCommand = InstanceCreate | InstanceConnect | InstanceDelete | WebhookSet
Command = PlainCommand | SealedCommand


class Reply(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """Outcome of a command: `result` (a neutral Struct's JSON) when ok, else `error`."""

    id: str
    ok: bool
    result: Any = None
    error: ErrorInfo | None = None
