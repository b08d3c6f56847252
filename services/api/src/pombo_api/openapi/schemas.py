"""JSON schemas of the types that requests and answers are made of."""

from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from pombo_common.model.events import EVENT_NAMES
from pombo_common.model.instance import Integration

_REF = "#/components/schemas/{name}"
_NAME = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,99}$", "examples": ["shop1"]}
_CREATION: dict[str, dict[str, Any]] = {
    "integration": {"enum": list(get_args(Integration))},
    "token": {"description": "The instance's own key; left out: one is made."},
}
_ADDED: dict[str, dict[str, Any]] = {
    "CreateBody": _CREATION
    | {
        "instanceName": _NAME,
        "qrcode": {"description": "Start the session at once, and answer its QR code."},
        "number": {"description": "The owner's phone; with qrcode a pairing code is answered for it as well."},
    },
    "InstanceCreate": _CREATION
    | {
        "instance": _NAME,
        "qrcode": {"description": "Start the session at once; its QR code comes with the event `qrcode.updated`."},
        "number": {"description": "The owner's phone; with qrcode a pairing code is asked for it as well."},
    },
    "WebhookInput": {
        "url": {"description": "An address that begins with http:// or https://."},
        "events": {"description": "What is delivered; left out or empty: everything. " + ", ".join(EVENT_NAMES)},
    },
}
"""What the types leave to the checks behind them, said in the schema as well: keywords by schema and property."""


class Schemas:
    """The schemas of a set of types, and of all that they are made of.

    Attributes:
        components: by name.
    """

    def __init__(self, types: Iterable[Any]) -> None:
        """Make the schemas."""
        wanted: list[Any] = []
        for kind in types:
            if kind is not str and kind not in wanted:
                wanted.append(kind)
        schemas, components = msgspec.json.schema_components(wanted, ref_template=_REF)
        self._wanted = wanted
        self._schemas = schemas
        self.components: dict[str, Any] = {
            name: _with_additions(name, _shortened(schema)) for name, schema in sorted(components.items())
        }

    def of(self, kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a type of any form
        """Return the schema of one of the types."""
        return self._schemas[self._wanted.index(kind)]


def _shortened(schema: dict[str, Any]) -> dict[str, Any]:
    """Keep the first sentence of a docstring; the rest speaks to readers of the source."""
    if "description" not in schema:
        return schema
    return schema | {"description": str(schema["description"]).split("\n\n")[0]}


def _with_additions(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    added = _ADDED.get(name)
    if added is None:
        return schema
    properties = {field: body | added.get(field, {}) for field, body in schema["properties"].items()}
    return schema | {"properties": properties}
