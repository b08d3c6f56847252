"""JSON of an instance's configuration, the same in every dialect: webhook, queue sinks, proxy."""

import msgspec
from msgspec import UNSET, UnsetType

from pombo_common.model.settings import QueueState


class WebhookEcho(msgspec.Struct, kw_only=True, rename="camel"):
    """`webhook` of a create answer, when one was given."""

    webhook_url: str
    webhook_headers: dict[str, str]
    webhook_by_events: bool
    webhook_base64: bool


class WebhookAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """A webhook as set and find answer it; times in ISO 8601, UTC.

    Attributes:
        secrets: what a receiver checks the signatures of deliveries with.
    """

    id: str
    url: str
    headers: dict[str, str]
    enabled: bool
    events: list[str]
    webhook_by_events: bool
    webhook_base64: bool
    secrets: list[str]
    created_at: str
    updated_at: str
    instance_id: str


class SinkAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """A queue sink as set and find answer it; state and reason tell how far the making of SQS queues is."""

    id: str
    enabled: bool
    events: list[str]
    state: QueueState | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    created_at: str
    updated_at: str
    instance_id: str


class ProxyAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """A proxy as find answers it."""

    id: str
    enabled: bool
    host: str
    port: str
    protocol: str
    username: str
    password: str
    created_at: str
    updated_at: str
    instance_id: str


class ProxyFields(msgspec.Struct, kw_only=True):
    """What of a proxy set answers; a disabled one is blank."""

    enabled: bool
    host: str
    port: str
    protocol: str
    username: str
    password: str


class NamedProxy(msgspec.Struct, kw_only=True, rename="camel"):
    """`proxy` of a set answer."""

    instance_name: str
    proxy: ProxyFields


class ProxySetAnswer(msgspec.Struct):
    """Answer of a proxy's set."""

    proxy: NamedProxy
