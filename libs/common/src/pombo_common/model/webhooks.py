"""What a webhook accepts, and what is kept of it: the same rules for REST and for the queue, each naming the field."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import NoReturn

from yarl import URL

from pombo_common.model.errors import PomboError
from pombo_common.model.events import EVENT_NAMES, event_name
from pombo_common.model.settings import Webhook, WebhookInput

SECRET_PREFIX = "whsec_"  # noqa: S105 - how a secret begins
SHORTEST_SECRET, LONGEST_SECRET = 24, 64
MOST_SECRETS = 5
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
HOST = re.compile(r"[^\s%]+")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
FRAMING = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers with which a receiver would read another body than the one that is signed."""


def check_webhook(webhook: WebhookInput, *, url_needed: bool) -> None:
    """Check address, event names and signing secrets of a webhook.

    Raises:
        PomboError: 400 `bad_webhook`; a secret is never in the message.
    """
    url = webhook.url
    if not url:
        if url_needed and webhook.enabled is not False:
            _refuse('webhook requires property "url"')
    else:
        _check_address(url)
    _check_headers(webhook.headers or {})
    for position, name in enumerate(webhook.events or ()):
        if event_name(name) not in EVENT_NAMES:
            _refuse(f"webhook.events[{position}] is not one of {', '.join(EVENT_NAMES)}")
    if webhook.secrets is not None:
        _check_secrets(webhook.secrets)


def merged_webhook(old: Webhook | None, new: WebhookInput, *, new_id: str, new_secret: str, now: int) -> Webhook:
    """Apply a checked webhook input to what is kept; absent members keep their value, no events means all of them.

    Args:
        old: what is kept; None: nothing yet.
        new: the input.
        new_id: the id when it is the first.
        new_secret: the signing secret when there is none.
        now: milliseconds since the epoch.
    """
    kept = old or Webhook(id=new_id, url="", enabled=True, events=list(EVENT_NAMES), created_at=now, updated_at=now)
    by_events = new.by_events if new.by_events is not None else new.webhook_by_events
    with_media = new.base64 if new.base64 is not None else new.webhook_base64
    events = kept.events
    if new.events is not None:
        events = [event_name(name) for name in new.events] or list(EVENT_NAMES)
    return Webhook(
        id=kept.id,
        url=kept.url if new.url is None else new.url,
        enabled=new.enabled if new.enabled is not None else (kept.enabled or old is None),
        headers=kept.headers if new.headers is None else new.headers,
        events=events,
        by_events=kept.by_events if by_events is None else by_events,
        base64=kept.base64 if with_media is None else with_media,
        secrets=new.secrets or kept.secrets or [new_secret],
        created_at=kept.created_at,
        updated_at=now,
    )


def is_secret(text: str) -> bool:
    """Tell whether a text is a signing secret as Standard Webhooks writes them."""
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(SECRET_PREFIX) and SHORTEST_SECRET <= len(key) <= LONGEST_SECRET


def _check_address(text: str) -> None:
    """Read it as the client that will call it does."""
    try:
        url = URL(text)
        usable = url.scheme in ("http", "https") and HOST.fullmatch(url.host or "") is not None and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        _refuse(
            "webhook.url must be an address that begins with http:// or https://, "
            "with a host name or IP address and, if any, a port from 1 to 65535"
        )


def _check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what is no header, and what would change how the body is read."""
    for name, value in headers.items():
        if HEADER_NAME.fullmatch(name) is None:
            _refuse("webhook.headers has a name that is no header's: letters, digits and - are accepted")
        if name.lower() in FRAMING:
            _refuse(f"webhook.headers.{name.lower()} cannot be set: Pombo frames each delivery itself")
        if CONTROL.search(value) is not None:
            _refuse(f"webhook.headers.{name} holds a line break or another control character")


def _check_secrets(secrets: list[str]) -> None:
    if not 1 <= len(secrets) <= MOST_SECRETS:
        _refuse(f"webhook.secrets must hold 1 to {MOST_SECRETS} signing secrets")
    for position, secret in enumerate(secrets):
        if not is_secret(secret):
            _refuse(
                f"webhook.secrets[{position}] must be {SECRET_PREFIX} and the base64 of "
                f"{SHORTEST_SECRET} to {LONGEST_SECRET} bytes"
            )


def _refuse(why: str) -> NoReturn:
    raise PomboError(400, "bad_webhook", why)
