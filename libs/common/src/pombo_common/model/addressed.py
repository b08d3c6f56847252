"""What every command has: its id, the instance that it is for, and until when it may start."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pombo_common.model.settings import Line

Presence = Literal["unavailable", "available", "composing", "recording", "paused"]
CommandId = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:-]+$")]
NotAfter = Annotated[int, Meta(ge=0, le=2**53)] | None
"""Milliseconds since the epoch, as far as every Store and every JSON reader counts exactly."""


class Addressed(msgspec.Struct, kw_only=True, rename="camel", tag_field="type"):
    """What every command has.

    Attributes:
        id: chosen by the caller (an `Idempotency-Key`), unique for this instance for 24 h.
        instance: name of the instance.
        not_after: milliseconds since the epoch by the Store's clock; it is not started later.
    """

    id: CommandId
    instance: Line
    not_after: NotAfter = None
