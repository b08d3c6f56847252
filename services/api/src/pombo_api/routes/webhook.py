"""The webhook of an instance: set and find."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from pombo_api.answers import json_answer
from pombo_api.application.commands import CHANGE_SECONDS
from pombo_api.auth import caller_of, instance_key
from pombo_api.requests import command_id, read_json
from pombo_api.routes.dependencies import GivenParts
from pombo_api.validation_messages import validated
from pombo_common.model.commands import WebhookSet
from pombo_common.model.errors import PomboError
from pombo_common.model.settings import Webhook, WebhookInput

AnyRequest = Request[Any, Any, Any]


class WebhookAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """A webhook as set and find answer it; times in ISO 8601, UTC."""

    id: str
    url: str
    headers: dict[str, str]
    enabled: bool
    events: list[str]
    webhook_by_events: bool
    webhook_base64: bool
    created_at: str
    updated_at: str
    instance_id: str


@post("/webhook/set/{instance:str}", guards=[instance_key])
async def set_webhook(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Set the webhook; members that are left out keep their value."""
    instance_id = caller_of(request).instance().instance.id
    webhook = _webhook_input(await read_json(request))
    command = WebhookSet(id=command_id(request), instance=instance, webhook=webhook)
    result = await parts.commands.send(command, seconds=CHANGE_SECONDS)
    return json_answer(_answer(msgspec.convert(result, Webhook), instance_id), 201)


@get("/webhook/find/{instance:str}", guards=[instance_key])
async def find_webhook(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """Answer the webhook, or null when none was set."""
    stored = caller_of(request).instance()
    webhook = parts.queries.secrets(stored).webhook
    return json_answer(None if webhook is None else _answer(webhook, stored.instance.id))


def _webhook_input(body: object) -> WebhookInput:
    """Read `{"webhook": {...}}`, or the same members without the wrapper.

    Raises:
        PomboError: 400, naming each member that cannot be used.
    """
    members = {field.encode_name for field in msgspec.structs.fields(WebhookInput)}
    if isinstance(body, dict) and "webhook" not in body and members & body.keys():
        return validated(body, WebhookInput)
    if not isinstance(body, dict) or body.get("webhook") is None:
        raise PomboError(400, "invalid", "webhook is required: an object with url, enabled and events")
    return validated(body["webhook"], WebhookInput, where="webhook")


def _answer(webhook: Webhook, instance_id: str) -> WebhookAnswer:
    return WebhookAnswer(
        id=webhook.id,
        url=webhook.url,
        headers=webhook.headers,
        enabled=webhook.enabled,
        events=webhook.events,
        webhook_by_events=webhook.by_events,
        webhook_base64=webhook.base64,
        created_at=_iso(webhook.created_at),
        updated_at=_iso(webhook.updated_at),
        instance_id=instance_id,
    )


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
