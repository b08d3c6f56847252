"""Joins what the routes say of themselves into one OpenAPI 3.1 document."""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from typing import Any, cast

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.routes import BaseRoute, HTTPRoute

from pombo_api.auth import any_key, global_key, instance_key
from pombo_api.dialects.dialect import Dialect
from pombo_api.errors import Envelope
from pombo_api.openapi.examples import Examples
from pombo_api.openapi.operation import OPERATION, Operation
from pombo_api.openapi.parameters import IDEMPOTENCY_KEY, path_parameter, query_parameters
from pombo_api.openapi.refusals import refusals, statuses
from pombo_api.openapi.schemas import Schemas
from pombo_common.model.messages import NumberCheck

DIALECT = "dialect"
"""Where a router keeps the dialect that its routes speak."""

KEYED = (any_key, global_key, instance_key)
TAGS = {
    "instance": "Instances and their sessions.",
    "configuration": "Configuration of one instance.",
    "message": "Messages, and what is asked of chats.",
    "delivery": "What became of events, and sending them again.",
    "sandbox": "Test-mode instances: what the simulated phone and its contacts do.",
    "service": "The service itself.",
}
ABOUT = (
    "WhatsApp instances as a service. The same paths stand under /v2 in the shapes of Evolution 2.3.6. "
    "A change that is repeated under the same Idempotency-Key has one effect, and gets the first answer again."
)


class Described(msgspec.Struct, frozen=True):
    """One route with one method."""

    path: str
    method: str
    handler: HTTPRouteHandler
    operation: Operation


def describe(routes: Sequence[BaseRoute]) -> bytes:
    """Return the document as JSON.

    Args:
        routes: of the application, each described (see `operation`).

    Raises:
        KeyError: a route is not described.
    """
    found = sorted(_described(routes), key=lambda each: (each.path, each.method))
    schemas = Schemas((Envelope, NumberCheck, *_types(found)))
    examples = Examples()
    paths: dict[str, Any] = {}
    for each in found:
        paths.setdefault(each.path, {})[each.method] = _operation(each, schemas, examples)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Pombo",
            "version": version("pombo-api"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {"apikey": {"type": "apiKey", "in": "header", "name": "apikey"}},
        },
    }
    return msgspec.json.encode(document)


def _described(routes: Sequence[BaseRoute]) -> Iterator[Described]:
    for route in routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                operation: Operation = handler.opt[OPERATION]
                yield Described(route.path_format, method.lower(), handler, operation)


def _types(found: Iterable[Described]) -> Iterator[Any]:
    for each in found:
        yield from _answers(each)
        if each.operation.body is not None:
            yield each.operation.body
        if each.operation.form is not None:
            yield each.operation.form


def _answers(each: Described) -> tuple[Any, ...]:
    """Return the types of which success answers one; none when it always refuses."""
    answer = each.operation.answer
    if isinstance(answer, str):
        dialect = cast("Dialect", each.handler.opt[DIALECT])
        return dialect.answers[answer]
    return () if answer is None else (answer,)


def _operation(each: Described, schemas: Schemas, examples: Examples) -> dict[str, Any]:
    operation, handler = each.operation, each.handler
    text = inspect.cleandoc(handler.fn.__doc__ or "")
    keyed = any(guard in KEYED for guard in handler.guards or ())
    described: dict[str, Any] = {
        "operationId": f"{each.method}_{each.path.strip('/') or 'welcome'}".translate(_PLAIN),
        "tags": [operation.tag],
        "summary": text,
        "parameters": _parameters(each),
        "responses": _responses(each, schemas, examples, keyed=keyed),
    }
    if keyed:
        described["security"] = [{"apikey": []}]
    if operation.body is not None:
        content: dict[str, Any] = {"schema": schemas.of(operation.body)}
        sent = examples.request(each.method, each.path, operation.status)
        if sent is not None:
            content["example"] = sent
        described["requestBody"] = {
            "required": operation.body_required,
            "content": {"application/json": content},
        }
        if operation.form is not None:
            described["requestBody"]["content"]["multipart/form-data"] = {"schema": schemas.of(operation.form)}
    return described


def _parameters(each: Described) -> list[dict[str, Any]]:
    named = [part.strip("{}") for part in each.path.split("/") if part.startswith("{")]
    parameters = [path_parameter(name) for name in named] + query_parameters(each.operation.query)
    return [*parameters, IDEMPOTENCY_KEY] if each.operation.command else parameters


def _responses(each: Described, schemas: Schemas, examples: Examples, *, keyed: bool) -> dict[str, Any]:
    operation = each.operation
    responses: dict[str, Any] = {}
    answers = _answers(each)
    if answers == (str,):
        responses[str(operation.status)] = {"description": "The file.", "content": _file_of(each.path)}
    elif answers:
        shown = [schemas.of(answer) for answer in answers]
        content: dict[str, Any] = {"schema": shown[0] if len(shown) == 1 else {"anyOf": shown}}
        examples.fill(content, each.method, each.path, operation.status)
        responses[str(operation.status)] = {
            "description": "Done." if operation.command else "As asked.",
            "content": {"application/json": content},
        }
    for status in statuses(operation, keyed=keyed):
        responses[str(status)] = refusals(
            status, examples.of(each.method, each.path, status), numbers=operation.numbers
        )
    if operation.command:
        for response in responses.values():
            response["headers"] = {
                "Idempotency-Key": {"description": "The command's id.", "schema": {"type": "string"}}
            }
    return responses


def _file_of(path: str) -> dict[str, Any]:
    kinds = ("text/html",) if path == "/docs" else ("text/javascript", "text/css")
    return {f"{kind}; charset=utf-8": {"schema": {"type": "string"}} for kind in kinds}


_PLAIN = str.maketrans({"/": "_", "{": None, "}": None, ".": "_"})
