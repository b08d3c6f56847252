"""One envelope for every refusal: `{"status", "error", "response": {"message": [...]}}`."""

import traceback
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from pombo_api.answers import json_answer
from pombo_common.model.errors import ErrorInfo, PomboError, unavailable
from pombo_common.ports.bus import BusUnavailable
from pombo_common.ports.store import StoreUnavailable

RETRY_AFTER_SECONDS = "5"
SHOWN_PATH = 200

AnyRequest = Request[Any, Any, Any]


class Messages(msgspec.Struct):
    """What went wrong, in sentences; for 401 one plain string, for a number that WhatsApp lacks an object instead."""

    message: list[str | dict[str, Any]] | str


class Envelope(msgspec.Struct):
    """Body of every refusal."""

    status: int
    error: str
    response: Messages


def refusal(status: int, messages: Sequence[str | dict[str, Any]]) -> Response[bytes]:
    """Render a refusal; a 503 says when to come again."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
    shown = "Unauthorized" if status == HTTPStatus.UNAUTHORIZED else list(messages)
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return json_answer(Envelope(status, phrase, Messages(shown)), status, headers)


def on_pombo_error(_: AnyRequest, error: PomboError) -> Response[bytes]:
    """Render what any layer refused."""
    info: ErrorInfo = error.info
    return refusal(info.status, info.details or info.message)


def on_store_unavailable(_: AnyRequest, __: StoreUnavailable) -> Response[bytes]:
    """Say that nothing was begun because the Store is away."""
    return refusal(503, unavailable("The store").info.message)


def on_bus_unavailable(_: AnyRequest, __: BusUnavailable) -> Response[bytes]:
    """Say that nothing was begun because the Bus is away."""
    return refusal(503, unavailable("The bus").info.message)


def on_http_exception(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """Render what the framework refused; a known path with another method is as unknown as any other."""
    status = error.status_code
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        return refusal(404, [f"Cannot {request.method} {request.scope['path'][:SHOWN_PATH]}"])
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        most = "POMBO_MEDIA_LIMIT_MB of media" if "/message/sendMedia/" in request.scope["path"] else "1 MiB"
        return refusal(status, [f"the request body is too large; at most {most} is accepted"])
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return on_unexpected(request, error)
    return refusal(status, [error.detail])


def on_unexpected(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Log where it happened, without the error's own text, which may hold a secret; tell the client nothing."""
    structlog.get_logger(__name__).error(
        "request failed",
        method=request.method,
        route=request.scope.get("path_template"),
        error=type(error).__name__,
        where="".join(traceback.format_tb(error.__traceback__)),
    )
    return refusal(500, ["Internal server error"])


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    PomboError: on_pombo_error,
    StoreUnavailable: on_store_unavailable,
    BusUnavailable: on_bus_unavailable,
    HTTPException: on_http_exception,
    Exception: on_unexpected,
}
