"""The webhook of an instance: set and find."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from pombo_api.answers import json_answer, kept_answer
from pombo_api.application.commands import CHANGE_SECONDS
from pombo_api.auth import caller_of, instance_key
from pombo_api.bodies import WebhookBody
from pombo_api.dialects.configuration_shapes import WebhookAnswer
from pombo_api.dialects.rows import webhook_row
from pombo_api.openapi.operation import find_operation, set_operation
from pombo_api.requests import command_id, read_wrapped
from pombo_api.routes.dependencies import GivenParts
from pombo_common.model.commands import WebhookSet
from pombo_common.model.settings import Webhook, WebhookInput

AnyRequest = Request[Any, Any, Any]

HINT = "an object with url, enabled and events"


@post(
    "/webhook/set/{instance:str}",
    guards=[instance_key],
    opt=set_operation(WebhookBody, WebhookAnswer),
)
async def set_webhook(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Set the webhook; members that are left out keep their value."""
    instance_id = caller_of(request).instance().instance.id
    webhook = await read_wrapped(request, "webhook", WebhookInput, HINT)
    command = WebhookSet(id=command_id(request), instance=instance, webhook=webhook)
    result = await parts.commands.send(command, seconds=CHANGE_SECONDS)
    return json_answer(webhook_row(msgspec.convert(result, Webhook), instance_id), 201)


@get(
    "/webhook/find/{instance:str}",
    guards=[instance_key],
    opt=find_operation(WebhookAnswer | None),
)
async def find_webhook(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """Answer the webhook, or null when none was set."""
    stored = caller_of(request).instance()
    webhook = parts.queries.secrets(stored).webhook
    return kept_answer(webhook, webhook_row, stored.instance.id)
