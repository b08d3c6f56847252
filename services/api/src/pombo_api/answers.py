"""JSON answers: encoded once, and the headers that every response carries."""

from typing import Any

import msgspec
from litestar import Response
from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

COMMAND_ID_HEADER = "Idempotency-Key"
COMMAND_ID = "command_id"
"""Where the id of a request's command stands in the scope's state."""


def json_answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Answer with the JSON of a Struct; None becomes `null`."""
    return Response(
        content=msgspec.json.encode(body), status_code=status, media_type="application/json", headers=headers or {}
    )


async def add_headers(message: Message, scope: Scope) -> None:
    """Add what answers and refusals alike carry: the command's id, and that nobody keeps a copy."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    headers["Cache-Control"] = "no-store"
    headers["X-Content-Type-Options"] = "nosniff"
    state: dict[str, Any] = scope.get("state") or {}
    if COMMAND_ID in state:
        headers[COMMAND_ID_HEADER] = state[COMMAND_ID]
