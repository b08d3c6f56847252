"""The part of the configuration that webhooks have: each instance's own, the global one, and the one for errors."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pombo_common.model.webhooks import is_secret
from pombo_common.networks import parse_networks
from pombo_common.sink_config import QueueSinkConfig

Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class WebhookConfig(QueueSinkConfig, frozen=True, kw_only=True):
    """What can be set for webhooks, beside the queue sinks: a Struct has one base, so that these build on those.

    A name that ends in `*` stands for one switch for each event.

    Attributes:
        webhook_timeout_ms: one delivery try, milliseconds.
        webhook_allow: networks that webhooks and media addresses may lie in although they are not public.
        webhook_global: every instance's events go to `webhook_global_url` too.
        webhook_global_by_events: the event's name is appended to that address.
        webhook_global_secrets: signing secrets of the global webhook, comma-separated; empty: it is not signed.
        webhook_events: UPPER_SNAKE names of the events that go to the global webhook.
        webhook_errors: refused and failed requests to the API are posted to `webhook_errors_url`.
    """

    webhook_timeout_ms: Count = msgspec.field(default=30_000, name="WEBHOOK_REQUEST_TIMEOUT_MS")
    webhook_attempts: Count = msgspec.field(default=10, name="WEBHOOK_RETRY_MAX_ATTEMPTS")
    webhook_first_delay: Seconds = msgspec.field(default=5.0, name="WEBHOOK_RETRY_INITIAL_DELAY_SECONDS")
    webhook_last_delay: Seconds = msgspec.field(default=300.0, name="WEBHOOK_RETRY_MAX_DELAY_SECONDS")
    webhook_backoff: bool = msgspec.field(default=True, name="WEBHOOK_RETRY_USE_EXPONENTIAL_BACKOFF")
    webhook_jitter: Annotated[float, Meta(ge=0, le=1)] = msgspec.field(default=0.2, name="WEBHOOK_RETRY_JITTER_FACTOR")
    webhook_final_statuses: str = msgspec.field(
        default="400,401,403,404,422", name="WEBHOOK_RETRY_NON_RETRYABLE_STATUS_CODES"
    )
    webhook_allow: str = msgspec.field(default="", name="POMBO_WEBHOOK_ALLOW")
    webhook_global: bool = msgspec.field(default=False, name="WEBHOOK_GLOBAL_ENABLED")
    webhook_global_url: str = msgspec.field(default="", name="WEBHOOK_GLOBAL_URL")
    webhook_global_by_events: bool = msgspec.field(default=False, name="WEBHOOK_GLOBAL_WEBHOOK_BY_EVENTS")
    webhook_global_secrets: str = msgspec.field(default="", name="POMBO_WEBHOOK_GLOBAL_SECRETS")
    webhook_events: tuple[str, ...] = msgspec.field(default=(), name="WEBHOOK_EVENTS_*")
    webhook_errors: bool = msgspec.field(default=False, name="WEBHOOK_EVENTS_ERRORS")
    webhook_errors_url: str = msgspec.field(default="", name="WEBHOOK_EVENTS_ERRORS_WEBHOOK")

    @property
    def final_statuses(self) -> frozenset[int]:
        """HTTP statuses of a webhook after which no further try is made."""
        return frozenset(int(part) for part in _parts(self.webhook_final_statuses))

    @property
    def global_secrets(self) -> list[str]:
        """Signing secrets of the global webhook."""
        return _parts(self.webhook_global_secrets)


def check_webhooks(given: Mapping[str, Any]) -> list[str]:
    """Return a line for each thing about webhooks that cannot be so, which no type says."""
    errors = []
    try:
        parse_networks(given.get("webhook_allow", ""))
    except ValueError:
        errors.append("POMBO_WEBHOOK_ALLOW: must be networks separated by commas, such as 10.0.0.0/8, fd00::/8")
    if not all(part.isdecimal() for part in _parts(given.get("webhook_final_statuses", ""))):
        errors.append("WEBHOOK_RETRY_NON_RETRYABLE_STATUS_CODES: must be HTTP statuses separated by commas")
    for switch, field, variable in (
        ("webhook_global", "webhook_global_url", "WEBHOOK_GLOBAL_URL"),
        ("webhook_errors", "webhook_errors_url", "WEBHOOK_EVENTS_ERRORS_WEBHOOK"),
    ):
        if given.get(switch) and not given.get(field, "").startswith(("http://", "https://")):
            errors.append(f"{variable}: must be an address that begins with http:// or https://")
    if not all(is_secret(part) for part in _parts(given.get("webhook_global_secrets", ""))):
        errors.append("POMBO_WEBHOOK_GLOBAL_SECRETS: each must be whsec_ and the base64 of 24 to 64 bytes")
    return errors


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
