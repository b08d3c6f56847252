"""Parameters of paths, queries and headers in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from pombo_api.openapi.operation import Parameter
from pombo_common.model.naming import NAME_PATTERN

_PATHS: dict[str, dict[str, Any]] = {
    "instance": {
        "description": "Name of the instance.",
        "schema": {"type": "string", "pattern": "^" + NAME_PATTERN.pattern.removesuffix("\\Z") + "$"},
        "example": "shop1",
    },
    "command_id": {
        "description": "Id of a command, as its answer named it.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 100},
    },
    "event_id": {
        "description": "Id of an event.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 100},
    },
    "name": {
        "description": "Name of a file.",
        "schema": {"type": "string", "enum": ["docs.css", "docs.js"]},
    },
}

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Id of the change: under the same id it is made once, and answered alike for 24 h.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,100}$"},
}


def path_parameter(name: str) -> dict[str, Any]:
    """Return a parameter of a path."""
    return {"name": name, "in": "path", "required": True} | _PATHS[name]


def query_parameters(query: Mapping[str, Parameter]) -> list[dict[str, Any]]:
    """Return the parameters of a query, all optional."""
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": parameter.description,
            "schema": parameter.schema,
        }
        for name, parameter in query.items()
    ]
