"""What a route says of itself beside its path, guards and docstring."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

OPERATION = "operation"
"""Where a route handler keeps it."""


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of a query: what it is for, and its JSON schema."""

    description: str
    schema: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "string", "maxLength": 255})


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """See the module.

    Attributes:
        tag: the group that it stands in.
        answer: the type that success answers; a method's name stands for the types of the route's dialect.
        status: of success.
        body: the type of the request's body.
        form: the type of the body as a form, where that is accepted as well.
        body_required: an empty body is refused.
        query: parameters of the query, by name.
        command: it sends a command, so it takes an Idempotency-Key and can answer all that becomes of one.
        numbers: it refuses a number that WhatsApp does not have with an object instead of a sentence.
        reads: it reads the Store.
        refusals: further statuses that it refuses with.
    """

    tag: Literal["instance", "configuration", "message", "delivery", "sandbox", "service"]
    answer: Any
    status: int = 200
    body: Any = None
    form: Any = None
    body_required: bool = True
    query: Mapping[str, Parameter] = {}
    command: bool = False
    numbers: bool = False
    reads: bool = True
    refusals: tuple[int, ...] = ()


def described(operation: Operation) -> dict[str, Any]:
    """Return the `opt` of the route that this describes."""
    return {OPERATION: operation}


def set_operation(body: Any, answer: Any) -> dict[str, Any]:  # noqa: ANN401 - types
    """Return the `opt` of a route that sets a part of an instance's configuration."""
    return described(
        Operation(tag="configuration", body=body, answer=answer, status=201, command=True, refusals=(404,))
    )


def find_operation(answer: Any) -> dict[str, Any]:  # noqa: ANN401 - a type
    """Return the `opt` of a route that answers a part of an instance's configuration."""
    return described(Operation(tag="configuration", answer=answer, refusals=(404,)))


def send_operation(body: Any, answer: Any, *, form: Any = None) -> dict[str, Any]:  # noqa: ANN401 - types
    """Return the `opt` of a route that sends something to a number."""
    return described(
        Operation(
            tag="message",
            body=body,
            form=form,
            answer=answer,
            status=201,
            command=True,
            numbers=True,
            refusals=(404,),
        )
    )
