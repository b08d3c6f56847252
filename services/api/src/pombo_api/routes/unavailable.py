"""Sinks of the contract that this version does not have; they say so instead of seeming to work."""

from typing import Any, NoReturn

from litestar import Request, get, post

from pombo_api.auth import caller_of, instance_key
from pombo_api.openapi.operation import Operation, described
from pombo_common.model.errors import PomboError, not_available

AnyRequest = Request[Any, Any, Any]

SINKS = ("websocket", "nats", "kafka", "pusher")

_REFUSED = described(Operation(tag="configuration", answer=None, status=0, refusals=(400, 404)))


@post([f"/{sink}/set/{{instance:str}}" for sink in SINKS], guards=[instance_key], opt=_REFUSED)
async def set_unavailable(request: AnyRequest) -> None:
    """Refuse, with the name of the sink."""
    _refuse(request)


@get([f"/{sink}/find/{{instance:str}}" for sink in SINKS], guards=[instance_key], opt=_REFUSED)
async def find_unavailable(request: AnyRequest) -> None:
    """Refuse, with the name of the sink."""
    _refuse(request)


def refuse_unavailable(body: dict[str, Any]) -> None:
    """Refuse a create that asks for what is not there; what is switched off or left empty asks for nothing.

    Raises:
        PomboError: 400 `not_available`, naming each.
    """
    wanted = [sink for sink in SINKS if _is_on(body.get(sink))]
    if body.get("wavoipToken"):
        wanted.append("wavoipToken")
    if wanted:
        raise PomboError(400, "not_available", *(not_available(name).info.message[0] for name in wanted))


def _is_on(sink: object) -> bool:
    return sink is not None and not (isinstance(sink, dict) and sink.get("enabled") is False)


def _refuse(request: AnyRequest) -> NoReturn:
    caller_of(request).instance()
    sink = next(sink for sink in SINKS if f"/{sink}/" in str(request.scope["path_template"]))
    raise not_available(sink)
