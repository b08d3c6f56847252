"""Behaviour switches and proxy of an instance: set and find."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from pombo_api.answers import json_answer, kept_answer
from pombo_api.application.commands import CHANGE_SECONDS
from pombo_api.auth import caller_of, instance_key
from pombo_api.bodies import SettingsBody
from pombo_api.dialects.configuration_shapes import ProxyAnswer, ProxySetAnswer
from pombo_api.dialects.rows import proxy_row, proxy_set
from pombo_api.openapi.operation import find_operation, set_operation
from pombo_api.requests import command_id, read_body
from pombo_api.routes.dependencies import GivenDialect, GivenParts
from pombo_common.model.commands import ProxySet, SettingsSet
from pombo_common.model.errors import not_available
from pombo_common.model.settings import Proxy, ProxyInput, Settings

AnyRequest = Request[Any, Any, Any]


@post(
    "/settings/set/{instance:str}",
    guards=[instance_key],
    opt=set_operation(SettingsBody, "settings_set"),
)
async def set_settings(
    request: AnyRequest, instance: FromPath[str], parts: GivenParts, dialect: GivenDialect
) -> Response[bytes]:
    """Replace the behaviour switches, all of them."""
    caller_of(request).instance()
    body = await read_body(request, SettingsBody, empty={})
    if body.wavoip_token:
        raise not_available("wavoipToken")
    command = SettingsSet(id=command_id(request), instance=instance, **msgspec.structs.asdict(body.settings))
    result = await parts.commands.send(command, seconds=CHANGE_SECONDS)
    return json_answer(dialect.settings_set(instance, msgspec.convert(result, Settings)), 201)


@get(
    "/settings/find/{instance:str}",
    guards=[instance_key],
    opt=find_operation("settings"),
)
async def find_settings(request: AnyRequest, dialect: GivenDialect) -> Response[bytes]:
    """Answer the behaviour switches."""
    return json_answer(dialect.settings(caller_of(request).instance().instance.settings))


@post(
    "/proxy/set/{instance:str}",
    guards=[instance_key],
    opt=set_operation(ProxyInput, ProxySetAnswer),
)
async def set_proxy(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Set the proxy; a disabled one is blanked."""
    caller_of(request).instance()
    body = await read_body(request, ProxyInput, empty={})
    command = ProxySet(id=command_id(request), instance=instance, **msgspec.structs.asdict(body))
    result = await parts.commands.send(command, seconds=CHANGE_SECONDS)
    return json_answer(proxy_set(msgspec.convert(result, Proxy), instance), 201)


@get(
    "/proxy/find/{instance:str}",
    guards=[instance_key],
    opt=find_operation(ProxyAnswer | None),
)
async def find_proxy(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """Answer the proxy, or null when none was set."""
    stored = caller_of(request).instance()
    proxy = parts.queries.secrets(stored).proxy
    return kept_answer(proxy, proxy_row, stored.instance.id)
