"""An engine that says what a test tells it to say; it is a port, and the test plays WhatsApp."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from pombo_common.model.commands import Presence
from pombo_common.model.messages import MessageKey
from pombo_common.model.recipients import Target
from pombo_worker.engines.port import Closed, Dial, EngineUnavailable, Happening, Listener, ProxyFailed
from pombo_worker.engines.sending import Outgoing, Sent, Text
from tests.support.waiting import eventually

PAIRED_CREDS = '{"me":{"id":"5511999990000:3@s.whatsapp.net"},"account":{"details":"x"}}'
FRESH_CREDS = '{"me":null,"registered":false}'


class ScriptedConnection:
    """One connection: what was asked of it, and a mouth to speak to its listener."""

    def __init__(self, dial: Dial, listener: Listener) -> None:
        self.dial = dial
        self.listener = listener
        self.closes: list[bool] = []
        self.renewals: list[float] = []
        self.pairings: list[str] = []
        self.presences: list[Presence] = []
        self.online: list[bool] = []
        self.rejected: list[str] = []
        self.sent: list[Outgoing] = []
        self.read_keys: list[MessageKey] = []
        self.refusals: deque[EngineUnavailable] = deque()
        self.files: deque[str] = deque()
        self.fetched: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.typed = asyncio.Event()
        self.typed.set()
        self.fetchable = asyncio.Event()
        self.fetchable.set()
        self.live = True
        self.confirms = True

    def say(self, *happenings: Happening) -> None:
        """Let these things happen, in order; a Closed is the last word."""
        for happening in happenings:
            if isinstance(happening, Closed):
                self.live = False
            self.listener.happened(happening)

    async def close(self, *, logout: bool) -> bool:
        """End it, as the real engine does: the listener hears a last word once."""
        self.closes.append(logout)
        confirmed = logout and self.live and self.confirms
        if self.live:
            self.say(Closed(code=None, message="", origin="local"))
        return confirmed

    async def pair(self, number: str, code: str | None) -> str:
        """Give the wished code, or WhatsApp's choice."""
        self.pairings.append(number)
        return code or "WHATSAPP"

    async def show(self, presence: Presence) -> None:
        """Keep the presence."""
        self.presences.append(presence)

    async def stay_online(self, *, stay: bool) -> None:
        """Keep the wish."""
        self.online.append(stay)

    async def reject(self, call: dict[str, Any]) -> None:
        """Keep the call's id."""
        self.rejected.append(call["id"])

    async def send(self, message: Outgoing) -> Sent:
        """Keep the message; answer when the gate is open, with a refusal when there is one."""
        self.sent.append(message)
        await self.gate.wait()
        if self.refusals:
            raise self.refusals.popleft()
        text = message.content.text if isinstance(message.content, Text) else ""
        key = {"remoteJid": message.to.jid, "fromMe": True, "id": message.id}
        content = {"extendedTextMessage": {"text": text}}
        return Sent(message={"key": key, "messageTimestamp": 1, "message": content}, encoded=text.encode())

    async def numbers(self, targets: Sequence[Target]) -> list[str | None]:
        """Know the even ones."""
        return [each.jid if int(each.phones[0]) % 2 == 0 else None for each in targets]

    async def read(self, keys: Sequence[MessageKey]) -> None:
        """Keep the keys."""
        self.read_keys.extend(keys)

    async def show_in_chat(self, to: Target, presence: Presence, delay_ms: int) -> None:  # noqa: ARG002 - the port's name
        """Keep the presence; a delay lasts until the test says so."""
        self.presences.append(presence)
        if delay_ms:
            await self.typed.wait()

    async def fetch(self, kind: str, content: dict[str, Any], *, most_bytes: int, seconds: float) -> str:  # noqa: ARG002 - the port's names
        """Give the next file, or refuse."""
        self.fetched.append(kind)
        await self.fetchable.wait()
        if not self.files:
            raise EngineUnavailable("no such file")
        return self.files.popleft()

    def renewed(self, seconds: float) -> None:
        """Keep the renewal."""
        self.renewals.append(seconds)


class ScriptedEngine:
    """Keeps every dial; refuses as many as the test says."""

    def __init__(self) -> None:
        self.connections: list[ScriptedConnection] = []
        self.refusals: deque[EngineUnavailable] = deque()
        self.tries = 0
        self.tried: list[tuple[str, str]] = []
        self.proxy_failure: str | None = None
        self.reachable = asyncio.Event()
        self.reachable.set()

    async def dial(self, dial: Dial, listener: Listener) -> ScriptedConnection:
        """Start a connection."""
        self.tries += 1
        if self.refusals:
            raise self.refusals.popleft()
        await self.reachable.wait()
        connection = ScriptedConnection(dial, listener)
        self.connections.append(connection)
        return connection

    def warm(self) -> None:
        """Nothing is to be made ready."""

    async def check_proxy(self, proxy: str, target: str, seconds: float) -> None:  # noqa: ARG002 - the port's name
        """Keep the try; fail when the test says why."""
        self.tried.append((proxy, target))
        if self.proxy_failure is not None:
            raise ProxyFailed(self.proxy_failure)

    async def stop(self) -> None:
        """Nothing runs."""

    async def dialled(self, count: int) -> ScriptedConnection:
        """Wait for the connection with this number, from 1."""
        await eventually(lambda: len(self.connections) >= count, what=f"dial {count}")
        return self.connections[count - 1]

    @property
    def live(self) -> int:
        """How many connections are live now."""
        return sum(connection.live for connection in self.connections)
