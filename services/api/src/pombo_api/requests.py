"""Reading a request: its JSON body as a Struct, its query, and the id of the command that it asks for."""

import re
import uuid
from typing import Any, TypeVar

import msgspec
from litestar import Request

from pombo_api.aliases import renamed
from pombo_api.answers import COMMAND_ID, COMMAND_ID_HEADER
from pombo_api.message_bodies import unwrapped
from pombo_common.foreign_json import parse_foreign
from pombo_common.model.errors import PomboError
from pombo_common.model.validation_messages import validated

AnyRequest = Request[Any, Any, Any]
T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

_COMMAND_ID_PATTERN = re.compile(r"[A-Za-z0-9._:-]{1,100}\Z")
_JSON_TYPE = re.compile(r"application/([\w.+-]+\+)?json\Z")


async def read_json(request: AnyRequest, *, empty: object = msgspec.UNSET) -> Any:  # noqa: ANN401 - JSON
    """Read and parse the body; no content type counts as JSON.

    Args:
        request: the request.
        empty: what an empty body stands for; not given: it is refused.

    Raises:
        PomboError: 415 for another content type or character set, 400 for malformed JSON.
        HTTPException: 413 when it is too large (before anything is parsed).
    """
    check_json_type(request)
    body = await request.body()
    if not body.strip() and empty is not msgspec.UNSET:
        return empty
    try:
        return parse_foreign(body)
    except msgspec.DecodeError:
        raise PomboError(400, "malformed_json", "the request body is not valid JSON") from None


async def read_body(request: AnyRequest, kind: type[T], *, empty: object = msgspec.UNSET) -> T:
    """Read the body as a Struct.

    Raises:
        PomboError: as `read_json`; 400 `invalid` with one message for each field that cannot be used.
    """
    return validated(renamed(await read_json(request, empty=empty)), kind)


async def read_message(request: AnyRequest, kind: type[T]) -> T:
    """Read the body of something to send, in today's form or version 1's, as a Struct.

    Raises:
        PomboError: as `read_body`.
    """
    return validated(unwrapped(await read_json(request, empty={})), kind)


async def read_wrapped(request: AnyRequest, name: str, kind: type[S], hint: str) -> S:
    """Read `{"<name>": {...}}`, or the same members without the wrapper, as a Struct.

    Args:
        request: the request.
        name: of the wrapper.
        kind: a Struct.
        hint: what the wrapper holds, for people.

    Raises:
        PomboError: as `read_body`.
    """
    body = renamed(await read_json(request, empty={}))
    members = {field.encode_name for field in msgspec.structs.fields(kind)}
    if isinstance(body, dict) and name not in body and members & body.keys():
        return validated(body, kind)
    if not isinstance(body, dict) or body.get(name) is None:
        raise PomboError(400, "invalid", f"{name} is required: {hint}")
    return validated(body[name], kind, where=name)


def query_value(request: AnyRequest, name: str) -> str | None:
    """Return a parameter of the query; one that is given several times becomes one text, which then fits nothing."""
    return ",".join(request.query_params.getall(name, [])) or None


def server_url(request: AnyRequest, configured: str) -> str:
    """Return the public address of the API, without a trailing slash: the configured one, else as it was called."""
    return (configured or str(request.base_url)).rstrip("/")


def command_id(request: AnyRequest) -> str:
    """Return the command's id: the caller's `Idempotency-Key`, else a new one; the response names it.

    Raises:
        PomboError: 400 `bad_idempotency_key`.
    """
    given = request.headers.get(COMMAND_ID_HEADER)
    if given is not None and not _COMMAND_ID_PATTERN.match(given):
        raise PomboError(
            400, "bad_idempotency_key", "Idempotency-Key must be 1 to 100 letters, digits or the characters . _ : -"
        )
    chosen = given or str(uuid.uuid4())
    request.scope["state"][COMMAND_ID] = chosen
    return chosen


def check_json_type(request: AnyRequest) -> None:
    """Check the content type; none counts as JSON.

    Raises:
        PomboError: 415 for another one, or another character set than UTF-8.
    """
    header = request.headers.get("content-type", "")
    kind, _, parameters = header.partition(";")
    name, _, charset = parameters.strip().partition("=")
    known_charset = name.lower() != "charset" or charset.strip('" ').lower() in ("utf-8", "utf8")
    if header and not (_JSON_TYPE.match(kind.strip().lower()) and known_charset):
        raise PomboError(415, "not_json", "the request body must be application/json in UTF-8")
