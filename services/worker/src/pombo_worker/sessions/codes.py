"""The QR and pairing codes of one session: shown the moment they exist, counted, and bounded."""

import asyncio

import structlog

from pombo_common.model.instance import QrCode
from pombo_common.qr import png_data_uri
from pombo_worker.engines.port import Closed, Connection, EngineUnavailable, PairingWanted, QrShown
from pombo_worker.engines.unavailable import EngineGone
from pombo_worker.events import now_ms
from pombo_worker.sessions.live_state import LiveState
from pombo_worker.sessions.policy import QR_ENDED

MILLISECOND = 1000
LIMIT_CODE = 428
LIMIT_REACHED = Closed(code=LIMIT_CODE, message="QR code limit reached, please login again", origin="local")
"""How a session ends whose codes nobody scanned; number and words are the contract's."""


class Codes:
    """Shows the codes of one session, from its start until a phone links it or nobody does."""

    def __init__(self, state: LiveState, *, limit: int, colour: str) -> None:
        """Show them in this state.

        Args:
            state: says them.
            limit: QR codes that are shown at most.
            colour: of their dark modules, as `#rrggbb`.
        """
        self._state = state
        self._limit = limit
        self._colour = colour
        self._wanted: PairingWanted | None = None
        self._shown = 0

    @property
    def any_shown(self) -> bool:
        """Whether a code was shown since the session began, or was open last."""
        return self._shown > 0

    def linked(self) -> None:
        """Note that a phone has linked the session: no code is wanted any more."""
        self._wanted = None

    def opened(self) -> None:
        """Begin to count anew."""
        self._shown = 0

    def spent(self, closed: Closed) -> bool:
        """Tell whether the connection that closed so showed the last code that is allowed."""
        return self._shown > self._limit or (QR_ENDED in closed.message and self._shown >= self._limit)

    async def show(self, qr: QrShown, connection: Connection | None) -> bool:
        """Show a QR code; False when it would be one too many: then it is not shown, and the session is to end."""
        self._shown += 1
        if self._shown > self._limit:
            return False
        code = QrCode(code=qr.code, count=self._shown, expires_at=now_ms() + int(qr.seconds * MILLISECOND))
        await self._state.qr_shown(code, await self._picture(qr.code))
        await self._pair(connection)
        return True

    async def want(self, wanted: PairingWanted, connection: Connection | None) -> None:
        """Ask for a pairing code now when a QR code is out, else together with the next one."""
        self._wanted = wanted
        if self._state.now.phase == "qr":
            await self._pair(connection)

    async def _pair(self, connection: Connection | None) -> None:
        """Ask for the wanted pairing code; one that is out for this number and connection stays the one."""
        wanted, live = self._wanted, self._state.now
        if wanted is None or connection is None or live.qr is None:
            return
        if live.pairing_number == wanted.number and wanted.code in (None, live.pairing_code):
            return
        await self._state.pairing_asked()
        try:
            code = await connection.pair(wanted.number, wanted.code)
        except EngineUnavailable as error:
            structlog.get_logger().warning("session.no_pairing_code", why=str(error))
            if not isinstance(error, EngineGone) and error.code != "not_pairing":
                await self._state.pairing_refused()
            # Else the connection went away; the code is asked for again with the next one's QR code.
            return
        await self._state.pairing_code(wanted.number, code, await self._picture(live.qr.code))

    async def _picture(self, code: str) -> str:
        return await asyncio.to_thread(png_data_uri, code, self._colour)
