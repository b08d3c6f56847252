"""An engine that says what a test tells it to say; it is a port, and the test plays WhatsApp."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from pombo_common.model.commands import Presence
from pombo_worker.engines.port import Closed, Dial, EngineUnavailable, Happening, Listener
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
        self.rejected: list[tuple[str, str]] = []
        self.read: list[str] = []
        self.live = True

    def say(self, *happenings: Happening) -> None:
        """Let these things happen, in order; a Closed is the last word."""
        for happening in happenings:
            if isinstance(happening, Closed):
                self.live = False
            self.listener.happened(happening)

    async def close(self, *, logout: bool) -> None:
        """End it, as the real engine does: the listener hears a last word once."""
        self.closes.append(logout)
        if self.live:
            self.say(Closed(code=None, message="", origin="local"))

    async def pair(self, number: str, code: str | None) -> str:
        """Give the wished code, or WhatsApp's choice."""
        self.pairings.append(number)
        return code or "WHATSAPP"

    async def show(self, presence: Presence) -> None:
        """Keep the presence."""
        self.presences.append(presence)

    async def reject(self, call: dict[str, Any], text: str) -> None:
        """Keep the call's id and the text."""
        self.rejected.append((call["id"], text))

    async def mark_read(self, keys: Sequence[dict[str, Any]]) -> None:
        """Keep the ids."""
        self.read.extend(key["id"] for key in keys)

    def renewed(self, seconds: float) -> None:
        """Keep the renewal."""
        self.renewals.append(seconds)


class ScriptedEngine:
    """Keeps every dial; refuses as many as the test says."""

    def __init__(self) -> None:
        self.connections: list[ScriptedConnection] = []
        self.refusals: deque[EngineUnavailable] = deque()
        self.tries = 0

    async def dial(self, dial: Dial, listener: Listener) -> ScriptedConnection:
        """Start a connection."""
        self.tries += 1
        if self.refusals:
            raise self.refusals.popleft()
        connection = ScriptedConnection(dial, listener)
        self.connections.append(connection)
        return connection

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
