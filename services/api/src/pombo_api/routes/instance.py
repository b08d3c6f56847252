"""Instances: create, list, connect, state, delete."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import FromPath

from pombo_api.answers import json_answer
from pombo_api.application.commands import CHANGE_SECONDS
from pombo_api.application.link import Link, link, no_link
from pombo_api.application.parts import Parts
from pombo_api.application.queries import Filters
from pombo_api.application.waiting import Deadline, wait_for_qr
from pombo_api.auth import any_key, caller_of, global_key, instance_key, unauthorized
from pombo_api.requests import command_id, read_body
from pombo_api.routes.dependencies import GivenDialect, GivenParts
from pombo_common.model.commands import InstanceConnect, InstanceCreate, InstanceDelete
from pombo_common.model.create import CreateBody, CreateFields
from pombo_common.model.errors import PomboError, unknown_instance
from pombo_common.model.instance import InstanceInfo
from pombo_common.model.naming import check_name
from pombo_common.model.validation import check_number
from pombo_common.ports.store import StoreUnavailable

AnyRequest = Request[Any, Any, Any]

COMMAND_SECONDS = 5.0
"""What a connect's command has at least, however short the wait for a QR code is set."""


class Done(msgspec.Struct):
    """Answer of a change that leaves nothing to show."""

    message: str


class Success(msgspec.Struct):
    """Envelope of `Done`."""

    response: Done
    status: str = "SUCCESS"
    error: bool = False


@post("/instance/create", guards=[global_key])
async def create(request: AnyRequest, parts: GivenParts, dialect: GivenDialect) -> Response[bytes]:
    """Create an instance; with `qrcode` wait for its first QR code as well, and say why when none came."""
    body = await read_body(request, CreateBody)
    name = check_name(body.instance_name, exchange=parts.config.global_exchange)
    fields = {field: getattr(body, field) for field in CreateFields.__struct_fields__}
    command = InstanceCreate(id=command_id(request), instance=name, **fields)
    deadline = Deadline(parts.config.connect_seconds if body.qrcode else CHANGE_SECONDS)
    result = await parts.commands.send(command, seconds=max(deadline.remaining(), COMMAND_SECONDS))
    info = msgspec.convert(result, InstanceInfo)
    shown = await _first_link(parts, info, deadline) if body.qrcode else None
    return json_answer(dialect.created(info, shown), 201)


@get("/instance/fetchInstances", guards=[any_key])
async def fetch_instances(request: AnyRequest, parts: GivenParts, dialect: GivenDialect) -> Response[bytes]:
    """List all instances, or those that have the caller's token."""
    caller = caller_of(request)
    query = request.query_params
    filters = Filters(name=query.get("instanceName"), instance_id=query.get("instanceId"), number=query.get("number"))
    infos = await (parts.queries.all(filters) if caller.everywhere else parts.queries.of_token(caller.key, filters))
    if not infos and not caller.everywhere:
        raise unauthorized()
    server_url = (parts.config.server_url or str(request.base_url)).rstrip("/")
    return json_answer(dialect.listed(infos, server_url=server_url, expose_keys=parts.config.expose_keys))


@get("/instance/connect/{instance:str}", guards=[instance_key])
async def connect(
    request: AnyRequest, instance: FromPath[str], parts: GivenParts, dialect: GivenDialect
) -> Response[bytes]:
    """Start the session and answer its QR code the moment it exists, or that it is open already."""
    instance_id = caller_of(request).instance().instance.id
    number = check_number(request.query_params.get("number"))
    command = InstanceConnect(id=command_id(request), instance=instance, number=number)
    deadline = Deadline(parts.config.connect_seconds)
    await parts.commands.send(command, seconds=max(deadline.remaining(), COMMAND_SECONDS))
    seen = await wait_for_qr(parts.store, instance, instance_id, deadline)
    if seen is None:
        raise unknown_instance(instance)
    shown = await link(seen, parts.config.qr_colour)
    if shown.code is None and shown.state != "open":
        raise PomboError(504, "no_qr", shown.message or "")
    return json_answer(dialect.connected(instance, shown))


@get("/instance/connectionState/{instance:str}", guards=[instance_key])
async def connection_state(request: AnyRequest, instance: FromPath[str], dialect: GivenDialect) -> Response[bytes]:
    """Answer the connection's state."""
    return json_answer(dialect.state(instance, caller_of(request).instance().shown.state))


@delete("/instance/delete/{instance:str}", guards=[instance_key], status_code=200)
async def delete_instance(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Unlink and remove an instance. A repetition under the same id gets the first answer again."""
    caller = caller_of(request)
    chosen = command_id(request)
    if caller.stored is None and await parts.store.command(instance, chosen) is None:
        raise unknown_instance(instance)
    await parts.commands.send(InstanceDelete(id=chosen, instance=instance), seconds=CHANGE_SECONDS)
    return json_answer(Success(Done("Instance deleted")))


async def _first_link(parts: Parts, info: InstanceInfo, deadline: Deadline) -> Link:
    """Wait for a new instance's QR code; whatever hinders it, the instance was created."""
    try:
        seen = await wait_for_qr(parts.store, info.instance_name, info.instance_id, deadline)
    except StoreUnavailable:
        return no_link("close", "No QR code: the store is not reachable at the moment; connect again shortly")
    if seen is None:
        return no_link("close", "No QR code: the instance was deleted meanwhile")
    return await link(seen, parts.config.qr_colour)
