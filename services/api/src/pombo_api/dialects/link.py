"""What a connect led to, as every dialect shows it."""

import msgspec

from pombo_common.model.instance import State


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What a connect led to.

    Attributes:
        state: of the connection.
        count: how many QR codes this connect has shown; 0 without one.
        base64: the code as a PNG data URI.
        expires_at: milliseconds since the epoch until which the code can be scanned; None without one.
        message: why the code that was asked for is missing; None when it is there.
    """

    state: State
    pairing_code: str | None = None
    code: str | None = None
    base64: str | None = None
    count: int = 0
    expires_at: int | None = None
    message: str | None = None
