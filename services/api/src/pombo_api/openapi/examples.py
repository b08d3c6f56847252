"""Examples of the OpenAPI document: bodies that really came out, kept by `tests/contract/api/test_golden.py`."""

from importlib.resources import files
from typing import Any

import msgspec


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange.

    Attributes:
        route: method and path template, `get /instance/connect/{instance}`.
        sent: the request's body; None: there was none.
        body: the answer's.
    """

    route: str
    status: int
    sent: Any = None
    body: Any = None


class Examples:
    """The kept exchanges, by route and status."""

    def __init__(self) -> None:
        """Read the file that is part of the package."""
        text = files("pombo_api").joinpath("openapi", "examples.json").read_bytes()
        kept = msgspec.json.decode(text, type=list[Example])
        self._kept = {(example.route, example.status): example for example in reversed(kept)}

    def of(self, method: str, path: str, status: int) -> Any:  # noqa: ANN401 - JSON
        """Return an answer's body; None when there is none."""
        example = self._kept.get((f"{method} {path}", status))
        return None if example is None else example.body

    def request(self, method: str, path: str, status: int) -> Any:  # noqa: ANN401 - JSON
        """Return a request's body; None when there is none."""
        example = self._kept.get((f"{method} {path}", status))
        return None if example is None else example.sent

    def fill(self, content: dict[str, Any], method: str, path: str, status: int) -> None:
        """Put the answer's body into a media type, when one is kept; an answer can be `null`."""
        example = self._kept.get((f"{method} {path}", status))
        if example is not None:
            content["example"] = example.body
