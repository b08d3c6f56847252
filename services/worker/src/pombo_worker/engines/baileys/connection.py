"""One connection on a Node host: what a session asks of it."""

from typing import Any

import structlog

from pombo_common.model.commands import Presence
from pombo_worker.engines.baileys.emptying import CLOSE_SECONDS
from pombo_worker.engines.baileys.process import HostProcess
from pombo_worker.engines.baileys.sending import HostSender
from pombo_worker.engines.baileys.wire import HostLost
from pombo_worker.engines.port import EngineUnavailable

PAIR_SECONDS = 15
REPLY_SECONDS = 25
PRESENCE_SECONDS = 8
MEDIA_MARGIN_SECONDS = 5


class BaileysConnection(HostSender):
    """One connection on one host."""

    def __init__(self, host: HostProcess, key: str) -> None:
        """Name the connection."""
        super().__init__(host.wire, key)
        self._host = host
        self._key = key

    async def close(self, *, logout: bool) -> bool:
        """End it; a host that does not answer is ended as a whole, so that no socket stays behind.

        Returns:
            Whether WhatsApp said that it has unlinked the device.
        """
        params = {"session": self._key, "logout": logout}
        try:
            return (await self._host.wire.ask("session.close", params, CLOSE_SECONDS)).get("unlinked") is True
        except HostLost:
            return False
        except EngineUnavailable:
            structlog.get_logger().error("host.stuck", sessions=len(self._host.sessions))
            await self._host.destroy()
            return False

    async def pair(self, number: str, code: str | None) -> str:
        """Ask WhatsApp for a pairing code.

        Raises:
            EngineUnavailable: the host refused or is gone.
        """
        params = {"session": self._key, "number": number, "code": code}
        return str((await self._host.wire.ask("session.pair", params, PAIR_SECONDS))["code"])

    async def show(self, presence: Presence) -> None:
        """Show a presence.

        Raises:
            EngineUnavailable: the host refused or is gone.
        """
        await self._host.wire.ask("session.presence", {"session": self._key, "presence": presence}, PRESENCE_SECONDS)

    async def stay_online(self, *, stay: bool) -> None:
        """Show the account online all along, or no longer.

        Raises:
            EngineUnavailable: the connection or the host is gone.
        """
        await self._host.wire.ask("session.alwaysOnline", {"session": self._key, "always": stay}, PRESENCE_SECONDS)

    async def reject(self, call: dict[str, Any]) -> None:
        """Reject a call.

        Raises:
            EngineUnavailable: the host refused or is gone.
        """
        params = {"session": self._key, "callId": call["id"], "from": call["from"]}
        await self._host.wire.ask("session.rejectCall", params, REPLY_SECONDS)

    async def fetch(self, kind: str, content: dict[str, Any], *, most_bytes: int, seconds: float) -> str:
        """Fetch and decrypt a file.

        Raises:
            EngineUnavailable: the host could not, or is gone.
        """
        params = {
            "session": self._key,
            "kind": kind,
            "content": content,
            "mostBytes": most_bytes,
            "timeoutMs": int(seconds * 1000),
        }
        return str((await self._host.wire.ask("session.media", params, seconds + MEDIA_MARGIN_SECONDS))["base64"])

    def renewed(self, seconds: float) -> None:
        """Pass the renewal on; the host counts from when it reads the line, by its own clock."""
        self._host.wire.tell("lease.renew", {"sessions": {self._key: int(seconds * 1000)}})
