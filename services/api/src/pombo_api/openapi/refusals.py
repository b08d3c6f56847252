"""Which refusals a route can answer, and how the OpenAPI document shows them."""

from http import HTTPStatus
from typing import Any

from pombo_api.openapi.operation import Operation

_UNKNOWN = "There is no such instance; or a route that this installation does not have."
_MEANINGS = {
    400: "Something in the request cannot be used; each message names the field and what is accepted.",
    401: "The key is missing or does not fit; nothing else is told.",
    403: "Another instance has this name.",
    404: _UNKNOWN,
    408: "The command was not started in time, and never will be.",
    409: "It does not fit what is there now, or the Idempotency-Key was used for another request.",
    410: "The code was used, was replaced, or is not known.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not JSON in UTF-8.",
    503: "Something that is needed cannot be reached now; nothing was begun unless the message says so.",
    504: "No answer in time; the message says what is known.",
}
_COMMAND = (400, 408, 409, 503, 504)
_BODY = (400, 413, 415)


def statuses(operation: Operation, *, keyed: bool) -> list[int]:
    """Return the statuses with which a route can refuse, in order.

    Args:
        operation: of the route.
        keyed: the route wants a key.
    """
    found = set(operation.refusals)
    if keyed:
        found.add(401)
    if operation.command:
        found.update(_COMMAND)
    if operation.body is not None:
        found.update(_BODY)
    if operation.reads:
        found.add(503)
    return sorted(found)


def refusals(status: int, example: Any, *, numbers: bool = False) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return the response of one status.

    Args:
        status: the HTTP status.
        example: a body that really came out; None: one is made of its reason phrase.
        numbers: a 400 can hold what is known of a number that WhatsApp does not have.
    """
    message = {"type": "string", "const": "Unauthorized"} if status == HTTPStatus.UNAUTHORIZED else _SENTENCES
    if numbers and status == HTTPStatus.BAD_REQUEST:
        message = _SENTENCES | {"items": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/NumberCheck"}]}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Envelope"}], "properties": _envelope(status, message)}
    content = {"schema": schema} | ({} if example is None else {"example": example})
    return {"description": _MEANINGS[status], "content": {"application/json": content}}


_SENTENCES: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "minItems": 1}


def _envelope(status: int, message: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": {"const": status},
        "response": {"type": "object", "properties": {"message": message}},
    }
