"""Follows an instance from its first QR code until it is open, or until it is clear that it will not be."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec

from pombo.answers import Connected, seconds_left
from pombo.caller import Refused
from pombo.client import PomboClient

POLL_SECONDS = 0.5
ASK_AGAIN_SECONDS = 5.0
"""How soon a code is asked for again while its end is only guessed."""
FIRST_SECONDS = 60.0
NEXT_SECONDS = 20.0
"""How long WhatsApp lets a code be scanned: the first one, and those after it."""
CLOSED_SECONDS = 3.0
"""How long `close` must last to be the end: between two connections it shows for a moment."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a person can link with now.

    Attributes:
        code: the QR code's text.
        count: how many codes this connect has shown.
        pairing: the pairing code; None without one.
        until: on the monotonic clock, when the next code is due.
    """

    code: str
    count: int
    pairing: str | None
    until: float


class End(msgspec.Struct, frozen=True):
    """How it ended; `why` says so in a sentence when it did not open."""

    opened: bool
    why: str = ""


class Screen(Protocol):
    """Where what can be linked with is shown."""

    def show(self, shown: Shown, raw: object) -> None:
        """Show what can be linked with now, new or not; `raw` is the answer as it came."""


class Following:
    """Asks for the code, watches the state, and asks again when the code has run out."""

    def __init__(self, client: PomboClient, name: str, screen: Screen, now: Callable[[], float]) -> None:
        """Follow one instance; `now` is a monotonic clock, seconds."""
        self._client = client
        self._name = name
        self._screen = screen
        self._now = now
        self._shown: Shown | None = None
        self._ask_at = 0.0
        self._wants_pairing = False

    async def run(self, number: str | None) -> End:
        """Follow to the end.

        Args:
            number: digits of the phone that will type a pairing code; None: the QR code alone.

        Raises:
            Refused: the connect was refused, or the instance is gone.
            Unreachable: Pombo is gone.
        """
        self._wants_pairing = number is not None
        ended = await self._ask(number)
        closed_since: float | None = None
        while ended is None:
            await asyncio.sleep(POLL_SECONDS)
            state = (await self._client.state(self._name)).state
            now = self._now()
            if state == "open":
                return End(opened=True)
            closed_since = (closed_since or now) if state == "close" else None
            if closed_since is not None:
                if now - closed_since >= CLOSED_SECONDS:
                    return End(opened=False, why="no phone linked it, and its session has ended; connect again")
            elif now >= self._ask_at:
                ended = await self._ask(None)
        return ended

    async def _ask(self, number: str | None) -> End | None:
        """Ask for the code of now and show it when it is new; returns the end when this is one."""
        try:
            answer = await self._client.connect(self._name, number)
        except Refused:
            # A code that was scanned in this moment leaves none to answer.
            if (await self._client.state(self._name)).state == "open":
                return End(opened=True)
            raise
        if answer.state == "open":
            return End(opened=True)
        if answer.code is None:
            return End(opened=False, why=answer.message or "no QR code came; connect again")
        await self._take(answer, answer.code)
        return None

    async def _take(self, answer: Connected, code: str) -> None:
        """Show what was answered, and choose when to ask again: at the code's end, sooner while that is a guess."""
        left, now = await self._left(answer, code), self._now()
        known = self._shown is not None and self._shown.code == code
        if left is not None:
            until = now + left
        elif self._shown is not None and known:
            until = self._shown.until
        else:
            until = now + (FIRST_SECONDS if answer.count <= 1 else NEXT_SECONDS)
        self._shown = Shown(code=code, count=answer.count, pairing=answer.pairing, until=until)
        sure = left is not None and (answer.pairing is not None or not self._wants_pairing)
        # The command that started a session was done before its code came; the next one tells the code's time.
        rest = until - now if sure else min(until - now, ASK_AGAIN_SECONDS if known else POLL_SECONDS)
        self._ask_at = now + max(rest, POLL_SECONDS)
        self._screen.show(self._shown, answer.raw)

    async def _left(self, answer: Connected, code: str) -> float | None:
        """Return how long the code is good for, when the command's outcome tells."""
        if answer.command is None or answer.at is None:
            return None
        try:
            outcome = await self._client.command(self._name, answer.command)
        except Refused:
            return None
        return seconds_left(outcome, code, answer.at)
