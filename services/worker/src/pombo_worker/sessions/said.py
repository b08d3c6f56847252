"""What becomes an event: its type, its payload, and how far a history has come."""

from typing import Any

import msgspec


class Said(msgspec.Struct, frozen=True):
    """An event before it is made.

    Attributes:
        kind: wire name.
        data: the contract's payload, as plain JSON.
        progress: percent of a history that has come with it.
        is_latest: whether it is the first history after the pairing.
    """

    kind: str
    data: Any
    progress: int | None = None
    is_latest: bool | None = None
