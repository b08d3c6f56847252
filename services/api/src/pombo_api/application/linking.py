"""How an instance can be linked now: the QR code with its picture, or why there is none."""

import asyncio

from pombo_api.application.waiting import Seen
from pombo_api.dialects.link import Link
from pombo_api.reasons import why_no_pairing_code, why_no_qr
from pombo_common.model.instance import State
from pombo_common.qr import png_data_uri


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
