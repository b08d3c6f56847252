"""JSON answers: encoded once, and the headers that every response carries."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from litestar import Response
from litestar.types import Message, Receive, Scope, Send

K = TypeVar("K")

COMMAND_ID_HEADER = "Idempotency-Key"
COMMAND_ID = "command_id"
"""Where the id of a request's command stands in the scope's state."""

_COMMAND_ID_NAME = COMMAND_ID_HEADER.lower().encode()
_ALWAYS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class JsonAnswer(Response[bytes]):
    """JSON that is sent as it is: its type, length and encoding are known, and it has no cookies."""

    def to_asgi_response(self, *_: object, **__: object) -> Any:  # noqa: ANN401 - the framework's type is its own class
        """Return what sends it."""
        return self._send

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - called by name
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(self.content))]
        headers += [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status_code or 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.content, "more_body": False})


def json_answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Answer with the JSON of a Struct; None becomes `null`."""
    return encoded_answer(msgspec.json.encode(body), status, headers)


def kept_answer(kept: K | None, row: Callable[[K, str], object], instance_id: str) -> Response[bytes]:
    """Answer with the row of what is kept of an instance; `null` when it was never set."""
    return json_answer(None if kept is None else row(kept, instance_id))


def encoded_answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Answer with JSON that is encoded already."""
    return JsonAnswer(content=body, status_code=status, media_type="application/json", headers=headers or {})


async def add_headers(message: Message, scope: Scope) -> None:
    """Add what answers and refusals alike carry: the command's id, and that nobody keeps a copy."""
    if message["type"] != "http.response.start":
        return
    headers = [*message["headers"], *_ALWAYS]
    state: dict[str, Any] = scope.get("state") or {}
    if COMMAND_ID in state:
        headers.append((_COMMAND_ID_NAME, state[COMMAND_ID].encode()))
    message["headers"] = headers
