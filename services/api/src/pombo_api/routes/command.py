"""What became of a command, for 24 h."""

from typing import Any, Literal

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath
from msgspec import UNSET, UnsetType

from pombo_api.answers import json_answer
from pombo_api.auth import caller_of, instance_key
from pombo_api.openapi.operation import Operation, described
from pombo_api.routes.dependencies import GivenParts
from pombo_common.model.errors import ErrorInfo, PomboError

AnyRequest = Request[Any, Any, Any]

SECRETS = ("token", "password")


class CommandAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """State and outcome of a command.

    Attributes:
        ok: only once finished.
        result: the neutral result, to the global key only: an instance that later took the name learns nothing of it.
        error: why it failed.
    """

    id: str
    instance: str
    state: Literal["pending", "started", "finished", "cancelled"]
    ok: bool | UnsetType = UNSET
    result: Any = UNSET
    error: ErrorInfo | UnsetType = UNSET


@get(
    "/commands/{instance:str}/{command_id:str}",
    guards=[instance_key],
    opt=described(Operation(tag="service", answer=CommandAnswer, refusals=(404,))),
)
async def command(
    request: AnyRequest, instance: FromPath[str], command_id: FromPath[str], parts: GivenParts
) -> Response[bytes]:
    """Answer a command's state and outcome; the instance itself may be gone."""
    record = await parts.store.command(instance, command_id)
    if record is None:
        raise PomboError(404, "unknown_command", f'The "{instance}" instance has no command of that id')
    reply = parts.commands.outcome(record)
    answer = CommandAnswer(id=record.id, instance=instance, state=record.state)
    if reply is not None:
        answer.ok = reply.ok
        answer.error = UNSET if reply.error is None else reply.error
        if reply.ok and caller_of(request).everywhere:
            answer.result = reply.result if parts.config.expose_keys else _without_secrets(reply.result)
    return json_answer(answer)


def _without_secrets(result: Any) -> Any:  # noqa: ANN401 - JSON
    """Blank every token and password, at any depth."""
    if not isinstance(result, dict):
        return result
    return {name: None if name in SECRETS else _without_secrets(value) for name, value in result.items()}
