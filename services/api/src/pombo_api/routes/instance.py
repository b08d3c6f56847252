"""Instances: create, list, delete."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import FromPath

from pombo_api.aliases import unfolded
from pombo_api.answers import encoded_answer, json_answer
from pombo_api.application.commands import CHANGE_SECONDS
from pombo_api.application.linking import link, no_link
from pombo_api.application.listing import View
from pombo_api.application.parts import Parts
from pombo_api.application.queries import Filters
from pombo_api.application.waiting import Deadline, wait_for_link
from pombo_api.auth import any_key, caller_of, global_key, instance_key, unauthorized
from pombo_api.dialects.common_shapes import Done, Success
from pombo_api.dialects.link import Link
from pombo_api.openapi.operation import Operation, Parameter, described
from pombo_api.reasons import ended
from pombo_api.requests import command_id, query_value, read_json, server_url
from pombo_api.routes.dependencies import GivenDialect, GivenParts
from pombo_api.routes.session import COMMAND_SECONDS
from pombo_api.routes.unavailable import refuse_unavailable
from pombo_common.model.commands import InstanceCreate, InstanceDelete
from pombo_common.model.create import CreateBody, CreateFields
from pombo_common.model.errors import unknown_instance
from pombo_common.model.instance import InstanceInfo
from pombo_common.model.naming import check_name
from pombo_common.model.validation_messages import validated
from pombo_common.ports.store import StoreUnavailable

AnyRequest = Request[Any, Any, Any]

FILTERS = {
    "instanceName": Parameter("Only the instance of this name."),
    "instanceId": Parameter("Only the instance of this id."),
    "number": Parameter("Only instances of this phone number, as it was given to create or as it was linked."),
}


@post(
    "/instance/create",
    guards=[global_key],
    opt=described(
        Operation(tag="instance", body=CreateBody, answer="created", status=201, command=True, refusals=(403,))
    ),
)
async def create(request: AnyRequest, parts: GivenParts, dialect: GivenDialect) -> Response[bytes]:
    """Create an instance. With `qrcode` wait for its first QR code as well (and, with `number`, its pairing code)."""
    raw = unfolded(await read_json(request))
    body = validated(raw, CreateBody)
    refuse_unavailable(raw)
    name = check_name(body.instance_name, exchange=parts.config.global_exchange)
    fields = {field: getattr(body, field) for field in CreateFields.__struct_fields__}
    command = InstanceCreate(id=command_id(request), instance=name, **fields)
    deadline = Deadline(parts.config.connect_seconds if body.qrcode else CHANGE_SECONDS)
    result = await parts.commands.send(command, seconds=max(deadline.remaining(), COMMAND_SECONDS))
    info = msgspec.convert(result, InstanceInfo)
    shown = await _first_link(parts, info, deadline) if body.qrcode else None
    return json_answer(dialect.created(info, shown), 201)


@get(
    "/instance/fetchInstances",
    guards=[any_key],
    opt=described(Operation(tag="instance", answer="listed", query=FILTERS, refusals=(404,))),
)
async def fetch_instances(request: AnyRequest, parts: GivenParts, dialect: GivenDialect) -> Response[bytes]:
    """List all instances, or those that have the caller's token."""
    caller = caller_of(request)
    filters = Filters(
        name=query_value(request, "instanceName"),
        instance_id=query_value(request, "instanceId"),
        number=query_value(request, "number"),
    )
    view = View(dialect, server_url(request, parts.config.server_url))
    if not caller.everywhere:
        found = await parts.queries.of_token(caller.key, filters)
        if not found:
            raise unauthorized()
        return encoded_answer(parts.listing.of(found, view))
    if filters.wanted:
        return encoded_answer(parts.listing.of(await parts.queries.matching(filters), view))
    return encoded_answer(await parts.listing.everything(view))


@delete(
    "/instance/delete/{instance:str}",
    guards=[instance_key],
    status_code=200,
    opt=described(Operation(tag="instance", answer=Success, command=True, refusals=(404,))),
)
async def delete_instance(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Unlink and remove an instance. A repetition under the same id gets the first answer again."""
    caller = caller_of(request)
    chosen = command_id(request)
    if caller.stored is None and await parts.store.command(instance, chosen) is None:
        raise unknown_instance(instance)
    result = await parts.commands.send(InstanceDelete(id=chosen, instance=instance), seconds=CHANGE_SECONDS)
    live = msgspec.convert(result, InstanceInfo).live
    return json_answer(Success(response=Done(ended("Instance deleted", live))))


async def _first_link(parts: Parts, info: InstanceInfo, deadline: Deadline) -> Link:
    """Wait for a new instance's codes; whatever hinders them, the instance was created."""
    number = info.number and info.number.partition("@")[0]
    name, instance_id = info.instance_name, info.instance_id
    try:
        seen = await wait_for_link(parts.store, name, instance_id, deadline, before=info.live, number=number)
    except StoreUnavailable:
        return no_link("close", "No QR code: the store is not reachable at the moment; connect again shortly")
    if seen is None:
        return no_link("close", "No QR code: the instance was deleted meanwhile")
    return await link(seen, parts.config.qr_colour, number=number)
