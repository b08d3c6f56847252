"""What one session does about a close: stops, dials again at once, or waits before it does."""

import asyncio
import contextlib

import structlog

from pombo_worker.engines.port import Closed, Fenced
from pombo_worker.sessions.backoff import Backoff, BackoffTimes
from pombo_worker.sessions.codes import LIMIT_REACHED, Codes
from pombo_worker.sessions.live_state import LiveState
from pombo_worker.sessions.policy import OUTDATED, Action, rule_for

UNREACHED_SECONDS = 60.0
"""How long an instance that is not linked tries to reach WhatsApp before it gives up."""

UNREACHED = "cannot-reach-whatsapp"


class Reconnecting:
    """Follows the table of `policy` for one session, and says in its state what comes of it.

    Attributes:
        outdated: WhatsApp refused the last dial because of its version.
    """

    def __init__(self, instance_id: str, state: LiveState, codes: Codes, times: BackoffTimes) -> None:
        """Begin without a failure.

        Args:
            instance_id: whose session it is.
            state: says what comes of a close.
            codes: know whether their number is spent.
            times: bounds of the delays.
        """
        self._id = instance_id
        self._state = state
        self._codes = codes
        self._backoff = Backoff(times)
        self._hurry = asyncio.Event()
        self._restarting = False
        self._unreached_since: float | None = _monotonic()
        self.outdated = state.now.reason == OUTDATED

    def dialling(self) -> None:
        """Take note that the next dial begins: whoever hurries it from now on means the one after."""
        self._hurry.clear()

    def code_shown(self) -> None:
        """Take note that WhatsApp gave a QR code."""
        self._backoff.shown()
        self._unreached_since = None

    def opened(self) -> None:
        """Take note that a connection is open."""
        self._backoff.opened(_monotonic())

    def restart(self, *, connected: bool) -> None:
        """Let the next dial follow at once, since a person asks for it; the close of a connection is then wanted."""
        self._restarting = connected
        self._hurry.set()

    async def after(self, closed: Closed) -> bool:
        """Do what the table says; False when no other connection is wanted.

        Raises:
            Fenced: the session is another worker's.
        """
        if self._codes.spent(closed):
            await self._state.stopped(LIMIT_REACHED, "qr-limit", forget=True)
            return False
        # A pairing stays one until it has reached open.
        rule = rule_for(closed, first_login=self._state.now.phase == "pairing")
        self.outdated = rule.reason == OUTDATED
        self._backoff.closed(_monotonic())
        structlog.get_logger().info(
            "session.closed", instance=self._id, code=closed.code, origin=closed.origin, action=rule.action.name
        )
        if self._restarting and rule.action is not Action.LEAVE:
            self._restarting = False
            self._backoff.forget()
            await self._state.restarting()
            return True
        match rule.action:
            case Action.LEAVE:
                raise Fenced
            case Action.NOW if self._backoff.may_be_at_once():
                await self._state.lost(closed, rule.reason)
                return True
            case Action.STOP | Action.CLEAR:
                await self._state.stopped(closed, rule.reason, forget=rule.action is Action.CLEAR)
                return False
            case _:
                return await self._later(closed, rule.reason)

    async def _later(self, closed: Closed, reason: str | None) -> bool:
        linked = self._state.now.paired
        gives_up = not linked and self._unreached() > UNREACHED_SECONDS
        if closed.origin == "network" and (gives_up or not (linked or self._codes.any_shown)):
            reason = UNREACHED
        if gives_up:
            await self._state.stopped(closed, reason, forget=False)
            return False
        await self._state.waiting(closed, reason)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), self._backoff.delay())
        return True

    def _unreached(self) -> float:
        """Return for how many seconds dials have led nowhere: from the start, or from the first loss after a code."""
        now = _monotonic()
        if self._unreached_since is None:
            self._unreached_since = now
        return now - self._unreached_since


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
