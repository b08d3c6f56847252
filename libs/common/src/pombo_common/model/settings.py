"""Parts of an instance's configuration: behaviour switches, proxy, webhook, queue sinks, Chatwoot."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Line = Annotated[str, Meta(max_length=255)]
Text = Annotated[str, Meta(max_length=4096)]
Url = Annotated[str, Meta(max_length=2048)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Behaviour switches of one instance; all default to off."""

    reject_call: bool = False
    msg_call: str = ""
    groups_ignore: bool = False
    always_online: bool = False
    read_messages: bool = False
    read_status: bool = False
    sync_full_history: bool = False


class SwitchesInput(msgspec.Struct, kw_only=True, rename="camel"):
    """Behaviour switches as clients send them, all of them; `msgCall` left out is empty."""

    reject_call: bool
    msg_call: Text = ""
    groups_ignore: bool
    always_online: bool
    read_messages: bool
    read_status: bool
    sync_full_history: bool

    @property
    def settings(self) -> Settings:
        """The switches alone, as they are kept."""
        return Settings(**{field: getattr(self, field) for field in Settings.__struct_fields__})


class Proxy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Proxy of one instance as it is kept and answered; the port is text, as in the contract; times as in Webhook."""

    id: str
    enabled: bool
    host: str
    port: str
    protocol: str
    username: str = ""
    password: str = ""
    created_at: int
    updated_at: int


class Webhook(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Webhook of one instance as it is kept and answered.

    Attributes:
        id: identifier of this configuration, made when it is first set.
        events: UPPER_SNAKE names that are delivered.
        secrets: signing secrets, `whsec_` and base64; each delivery carries a signature by each of them.
        created_at: milliseconds since the epoch, like updated_at.
    """

    id: str
    url: str
    enabled: bool
    headers: dict[str, str] = {}
    events: list[str] = []
    by_events: bool = False
    base64: bool = False
    secrets: list[str] = []
    created_at: int
    updated_at: int


class WebhookInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Webhook as clients send it; both spellings of the two switches are accepted; absent members keep their value."""

    enabled: bool | None = None
    url: Url | None = None
    headers: dict[Line, Text] | None = None
    by_events: bool | None = None
    webhook_by_events: bool | None = None
    base64: bool | None = None
    webhook_base64: bool | None = None
    events: list[Line] | None = None
    secrets: Annotated[
        list[Line] | None,
        Meta(description="1 to 5 signing secrets: whsec_ and the base64 of 24 to 64 bytes; made for you when absent"),
    ] = None


class ProxyInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Proxy as clients send it."""

    enabled: bool
    host: Line = ""
    port: Annotated[str | int, Meta(description="1 to 65535")] = ""
    protocol: Line = ""
    username: Line = ""
    password: Line = ""


QueueState = Literal["pending", "ready", "failed"]


class QueueSink(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """RabbitMQ or SQS sink of one instance as it is kept and answered; times as in Webhook.

    Attributes:
        state: of SQS queues, which are made in the background; None: there is nothing to wait for.
        reason: why they are not ready.
    """

    id: str
    enabled: bool
    events: list[str] = []
    state: QueueState | None = None
    reason: str | None = None
    created_at: int
    updated_at: int


class QueueSinkInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """RabbitMQ or SQS sink as clients send it."""

    enabled: bool | None = None
    events: list[Line] | None = None


class Chatwoot(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Chatwoot fields of create, validated and kept for the version that uses them."""

    account_id: str
    token: str
    url: str
    sign_msg: bool = False
    reopen_conversation: bool = False
    conversation_pending: bool = False
    import_contacts: bool = True
    name_inbox: str = ""
    merge_brazil_contacts: bool = False
    import_messages: bool = True
    days_limit_import_messages: int = 60
    organization: str = ""
    logo: str = ""
