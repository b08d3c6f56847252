"""How an instance can be linked now: the QR code with its picture, or why there is none."""

import asyncio

import msgspec

from pombo_api.application.waiting import Seen
from pombo_api.reasons import why_no_pairing_code, why_no_qr
from pombo_common.model.instance import State
from pombo_common.qr import png_data_uri


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


async def link(seen: Seen, colour: str, *, number: str | None = None) -> Link:
    """Build the link from what was seen; drawing takes about 10 ms, so it is left to a thread.

    Args:
        seen: the live state.
        colour: of the QR code's dark modules, as `#rrggbb`.
        number: digits of the phone for which a pairing code was asked; without it the message says why.
    """
    live = seen.live
    if live.state == "open":
        return no_link("open", "the session is open")
    if seen.qr is None:
        return no_link(live.state, why_no_qr(live) if number is None else why_no_pairing_code(live))
    return Link(
        state=live.state,
        pairing_code=live.pairing_code,
        code=seen.qr.code,
        base64=await asyncio.to_thread(png_data_uri, seen.qr.code, colour),
        count=seen.qr.count,
        expires_at=seen.qr.expires_at,
        message=None if number in (None, live.pairing_number) else why_no_pairing_code(live),
    )


def no_link(state: State, why: str) -> Link:
    """Say why there is no code."""
    return Link(state=state, message=why)
