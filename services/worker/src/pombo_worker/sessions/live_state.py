"""The live state of one session: every transition, with the events that say so, in one step."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from pombo_common.model.events import NewEvent
from pombo_common.model.instance import PAIRING_REFUSED, Disconnection, Live, Phase, QrCode
from pombo_worker.engines.port import Closed
from pombo_worker.events import EventMaker, now_ms
from pombo_worker.sessions.writer import SessionWriter

UNSPECIFIED = 500
"""Shown as `statusReason` when the library gives no code."""

MakeEvent = Callable[[str, str, Live], NewEvent]


class LiveState:
    """Changes the live state under the session's epoch; one transition at a time."""

    def __init__(self, live: Live, writer: SessionWriter, events: EventMaker) -> None:
        """Begin with what was stored when the lease was taken."""
        self._live = live
        self._writer = writer
        self._events = events
        self._told = _told(live)
        self._turn = asyncio.Lock()

    @property
    def now(self) -> Live:
        """The live state as it was written last."""
        return self._live

    async def save_creds(self, sealed: bytes, *, linked: bool) -> None:
        """Store credentials; the moment they hold a linked user, the state says so in the same step."""
        async with self._turn:
            if self._live.paired or not linked:
                await self._writer.creds(sealed)
            else:
                await self._write(creds=sealed, phase="pairing", paired=True, **NO_CODES)

    async def connecting(self) -> None:
        """Say `connecting` once for each stretch of it, and again for the login that follows a pairing."""
        async with self._turn:
            silent = self._live.state == "connecting" and self._live.phase != "pairing"
            phase = self._live.phase
            if phase != "pairing":
                phase = "login" if self._live.paired else "dialling"
            events = () if silent else (self._events.connection,)
            await self._write(
                *events, state="connecting", phase=phase, status_reason=200, reason=None, wanted=True, **NO_CODES
            )

    async def qr_shown(self, qr: QrCode, picture: str) -> None:
        """Show a QR code; one that was queued before a phone linked the session comes too late."""
        async with self._turn:
            if not self._live.paired:
                await self._write(partial(self._events.qrcode, picture=picture), phase="qr", reason=None, qr=qr)

    async def pairing_code(self, number: str, code: str, picture: str) -> None:
        """Show a pairing code beside the QR code."""
        async with self._turn:
            if not self._live.paired:
                event = partial(self._events.qrcode, picture=picture)
                await self._write(event, pairing_code=code, pairing_number=number)

    async def pairing_asked(self) -> None:
        """Forget that WhatsApp refused an earlier pairing code."""
        async with self._turn:
            if self._live.reason == PAIRING_REFUSED:
                await self._write(reason=None)

    async def pairing_refused(self) -> None:
        """Say that WhatsApp gave no pairing code; the QR code stays."""
        async with self._turn:
            await self._write(reason=PAIRING_REFUSED, pairing_code=None, pairing_number=None)

    async def opened(self, jid: str, profile_name: str | None) -> None:
        """Say `open`; a name that is not told now is still that of the account which was told it."""
        async with self._turn:
            owner = without_device(jid)
            if profile_name is None and self._live.owner_jid == owner:
                profile_name = self._live.profile_name
            await self._write(
                self._events.connection,
                state="open",
                phase="open",
                reason=None,
                status_reason=200,
                wanted=True,
                paired=True,
                owner_jid=owner,
                profile_name=profile_name,
                **NO_CODES,
            )

    async def named(self, profile_name: str) -> None:
        """Keep the name of the open account, which came after its login or has changed; no event tells it."""
        async with self._turn:
            if self._live.state == "open" and self._live.profile_name != profile_name:
                await self._write(profile_name=profile_name)

    async def lost(self, closed: Closed, reason: str | None) -> None:
        """Say that an open connection is gone, and that the next one is being made at once."""
        async with self._turn:
            if self._live.state == "open":
                await self._reconnecting(closed, reason, phase="login")

    async def restarting(self) -> None:
        """Say that an open connection is gone since a person wants another: the next dial may have to wait its turn."""
        async with self._turn:
            if self._live.state == "open":
                said = self._events.connection
                await self._write(said, state="connecting", phase="login", reason=None, status_reason=200, **NO_CODES)

    async def waiting(self, closed: Closed, reason: str | None) -> None:
        """Wait before the next dial. A pairing that never reached open stays one until it does."""
        async with self._turn:
            await self._reconnecting(closed, reason, phase="pairing" if self._live.phase == "pairing" else "waiting")

    async def _reconnecting(self, closed: Closed, reason: str | None, *, phase: Phase) -> None:
        """Say once for each stretch of failures why the connection is gone; another cause is said as well."""
        code = closed.code or UNSPECIFIED
        events = () if self._told == ("connecting", code, reason) else (self._events.connection,)
        await self._write(*events, state="connecting", phase=phase, reason=reason, status_reason=code, **NO_CODES)

    async def stopped(self, closed: Closed, reason: str | None, *, forget: bool) -> None:
        """Say `close` for good; a device that is no longer linked also says `status.instance` and `logout.instance`."""
        async with self._turn:
            live = self._live
            unlinked = forget and live.paired and live.phase != "pairing"
            await self._write(
                *(self._events.unlinked if unlinked else (self._events.connection,)),
                forget=forget,
                **stopped_fields(live, closed.code or UNSPECIFIED, closed.message, reason, forget=forget),
            )

    async def _write(
        self,
        *events: MakeEvent,
        creds: bytes | None = None,
        forget: bool = False,
        **fields: Any,  # noqa: ANN401 - fields of Live
    ) -> None:
        live = msgspec.structs.replace(self._live, **fields)
        if _shown(live) != _shown(self._live) or live == self._live:
            # A step whose answer was lost is known by its state, so no two that follow each other are the same.
            live = msgspec.structs.replace(live, since=now_ms())
        made = [event(self._writer.name, self._writer.instance_id, live) for event in events]
        await self._writer.state(live, *made, creds=creds, forget=forget)
        self._live = live
        if self._events.connection in events:
            self._told = _told(live)


NO_CODES: dict[str, Any] = {"qr": None, "pairing_code": None, "pairing_number": None}


def stopped_fields(live: Live, code: int, message: str, reason: str | None, *, forget: bool) -> dict[str, Any]:
    """Return the fields of a live state whose session has ended for good.

    Args:
        live: the state so far.
        code: the library's status code.
        message: its text, for people.
        reason: the stable word.
        forget: the credentials go.
    """
    return {
        "state": "close",
        "phase": "stopped",
        "reason": reason,
        "status_reason": code,
        "wanted": False,
        "paired": live.paired and not forget,
        "disconnection": Disconnection(code=code, message=message, at=now_ms()),
        **NO_CODES,
    }


def _told(live: Live) -> tuple[str, int, str | None]:
    """Return what a `connection.update` says of a state."""
    return live.state, live.status_reason, live.reason


def _shown(live: Live) -> tuple[str, str, str | None]:
    """Return the parts of a state whose last change is its `since`."""
    return live.state, live.phase, live.reason


def without_device(jid: str) -> str:
    """Return a JID without its device part: `55…:7@s.whatsapp.net` becomes `55…@s.whatsapp.net`."""
    user, _, server = jid.partition("@")
    return f"{user.partition(':')[0]}@{server}"
