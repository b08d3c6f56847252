"""The session of an instance: connect, state, restart, logout, presence."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post, route
from litestar.params import FromPath

from pombo_api.answers import json_answer
from pombo_api.application.commands import CHANGE_SECONDS
from pombo_api.application.linking import link
from pombo_api.application.waiting import Deadline, wait_for_link, wait_for_restart
from pombo_api.auth import caller_of, instance_key
from pombo_api.bodies import PresenceBody
from pombo_api.dialects.common_shapes import Done, PresenceAnswer, Success
from pombo_api.openapi.operation import Operation, Parameter, described
from pombo_api.reasons import ended
from pombo_api.requests import command_id, query_value, read_body
from pombo_api.routes.dependencies import GivenDialect, GivenParts
from pombo_common.model.commands import InstanceConnect, InstanceLogout, InstancePresence, InstanceRestart
from pombo_common.model.errors import PomboError, unknown_instance
from pombo_common.model.instance import InstanceInfo
from pombo_common.model.phones import check_pairing_code, check_pairing_number

AnyRequest = Request[Any, Any, Any]

COMMAND_SECONDS = 5.0
"""What a connect's command has at least, however short the wait for a code is set."""

CODES = {
    "number": Parameter("Digits of the phone, with country code: answer a pairing code for it as well."),
    "code": Parameter("With `number`: a pairing code of one's own, 8 letters or digits without 0, I, O and U."),
}


@get(
    "/instance/connect/{instance:str}",
    guards=[instance_key],
    opt=described(Operation(tag="instance", answer="connected", query=CODES, command=True, refusals=(404,))),
)
async def connect(
    request: AnyRequest, instance: FromPath[str], parts: GivenParts, dialect: GivenDialect
) -> Response[bytes]:
    """Start the session and answer its codes the moment they exist, or that it is open already."""
    instance_id = caller_of(request).instance().instance.id
    number, code = _wanted_codes(request)
    command = InstanceConnect(id=command_id(request), instance=instance, number=number, code=code)
    deadline = Deadline(parts.config.connect_seconds)
    result = await parts.commands.send(command, seconds=max(deadline.remaining(), COMMAND_SECONDS))
    before = msgspec.convert(result, InstanceInfo).live
    digits = number and number.partition("@")[0]
    seen = await wait_for_link(parts.store, instance, instance_id, deadline, before=before, number=digits)
    if seen is None:
        raise unknown_instance(instance)
    shown = await link(seen, parts.config.qr_colour, number=digits)
    if shown.state != "open" and shown.message is not None:
        raise PomboError(504, "no_code", shown.message)
    return json_answer(dialect.connected(instance, shown))


@get(
    "/instance/connectionState/{instance:str}",
    guards=[instance_key],
    opt=described(Operation(tag="instance", answer="known", refusals=(404,))),
)
async def connection_state(request: AnyRequest, instance: FromPath[str], dialect: GivenDialect) -> Response[bytes]:
    """Answer the connection's state, and what lies behind it."""
    return json_answer(dialect.known(instance, caller_of(request).instance().shown))


@route(
    "/instance/restart/{instance:str}",
    http_method=["PUT", "POST"],
    guards=[instance_key],
    status_code=200,
    opt=described(Operation(tag="instance", answer="restarted", command=True, refusals=(404,))),
)
async def restart(
    request: AnyRequest, instance: FromPath[str], parts: GivenParts, dialect: GivenDialect
) -> Response[bytes]:
    """Close the connection, make a new one, and answer what that led to; a closed session is started."""
    instance_id = caller_of(request).instance().instance.id
    deadline = Deadline(parts.config.connect_seconds)
    command = InstanceRestart(id=command_id(request), instance=instance)
    result = await parts.commands.send(command, seconds=max(deadline.remaining(), COMMAND_SECONDS))
    before = msgspec.convert(result, InstanceInfo).live
    seen = await wait_for_restart(parts.store, instance, instance_id, deadline, before=before)
    if seen is None:
        raise unknown_instance(instance)
    return json_answer(dialect.restarted(instance, await link(seen, parts.config.qr_colour)))


@delete(
    "/instance/logout/{instance:str}",
    guards=[instance_key],
    status_code=200,
    opt=described(Operation(tag="instance", answer=Success, command=True, refusals=(404,))),
)
async def logout(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Unlink the device and forget its credentials; the instance stays, and can be linked again."""
    caller_of(request).instance()
    command = InstanceLogout(id=command_id(request), instance=instance)
    result = await parts.commands.send(command, seconds=CHANGE_SECONDS)
    live = msgspec.convert(result, InstanceInfo).live
    return json_answer(Success(response=Done(ended("Instance logged out", live))))


@post(
    "/instance/setPresence/{instance:str}",
    guards=[instance_key],
    opt=described(
        Operation(tag="instance", body=PresenceBody, answer=PresenceAnswer, status=201, command=True, refusals=(404,))
    ),
)
async def set_presence(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Show a presence to the account's contacts."""
    caller_of(request).instance()
    body = await read_body(request, PresenceBody, empty={})
    command = InstancePresence(id=command_id(request), instance=instance, presence=body.presence)
    await parts.commands.send(command, seconds=CHANGE_SECONDS)
    return json_answer(PresenceAnswer(body.presence), 201)


def _wanted_codes(request: AnyRequest) -> tuple[str | None, str | None]:
    """Return number and code of a connect's query.

    Raises:
        PomboError: 400 for one that cannot be used, or a code without a number.
    """
    number = check_pairing_number(query_value(request, "number"))
    code = check_pairing_code(query_value(request, "code"))
    if code is not None and number is None:
        raise PomboError(400, "bad_number", "number is required with code: the digits of the phone that types it")
    return number, code
