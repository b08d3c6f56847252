"""One session: dials, turns what happens into state and events, and follows the reconnect table."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from pombo_common.model.commands import Presence
from pombo_common.model.settings import Settings
from pombo_common.ports.records import StoredInstance
from pombo_worker.engines.port import (
    CallSeen,
    Closed,
    Connecting,
    Connection,
    Dial,
    EngineUnavailable,
    Fenced,
    Happening,
    MessageSeen,
    Opened,
    Paired,
    PairingWanted,
    QrShown,
    Reported,
    Route,
)
from pombo_worker.sessions.automatic import Automatic
from pombo_worker.sessions.backoff import Backoff
from pombo_worker.sessions.codes import LIMIT_REACHED, Codes
from pombo_worker.sessions.inbound import InboundLog
from pombo_worker.sessions.live_state import LiveState
from pombo_worker.sessions.material import Material, is_paired
from pombo_worker.sessions.parts import OWNED_PART, SessionParts
from pombo_worker.sessions.policy import OUTDATED, Action, rule_for
from pombo_worker.sessions.sent_log import SentLog
from pombo_worker.sessions.taken_lease import TakenLease
from pombo_worker.sessions.writer import SessionWriter

UNREACHED_SECONDS = 60.0
"""How long an instance that was never linked tries to reach WhatsApp before it gives up."""


class Session:
    """Runs one instance's session for as long as its lease is ours. It is the engine's Listener.

    Attributes:
        name: the instance's name.
        settled: set once it has logged in, or its first connection has failed.
        outbox: what was sent lately.
    """

    def __init__(
        self,
        stored: StoredInstance,
        *,
        lease: TakenLease,
        route: Route,
        parts: SessionParts,
        writer: SessionWriter,
        material: Material,
    ) -> None:
        """Take everything that a session needs; `run` does the work.

        Args:
            stored: the instance as it was read after the lease was taken.
            lease: under which it runs.
            route: how its server is reached.
            parts: what all sessions share.
            writer: writes under this session's epoch.
            material: credentials, keys and journal under the same epoch.
        """
        settings, events = parts.settings, parts.events
        self.name = stored.instance.name
        self.settled = asyncio.Event()
        self._id = stored.instance.id
        self._route = route
        self._settings = settings
        self._engine = parts.engine
        self._logins = settings.logins
        self._writer = writer
        self._material = material
        self.outbox = material.outbox()
        self._state = LiveState(stored.live, writer, events)
        sent = SentLog(writer, events, self.outbox, lambda: self.owner_jid)
        self._automatic = Automatic(stored.instance.settings, lambda: self._connection, sent.record)
        attachments = material.attachments(lambda: self._connection)
        self._inbound = InboundLog(
            writer,
            material,
            events,
            lambda: self.owner_jid,
            attachments,
            wants=self._automatic.wants,
            trim=self._automatic.trim,
        )
        self._inbox: asyncio.Queue[Happening] = asyncio.Queue()
        self._hurry = asyncio.Event()
        self._finishing = False
        self._restarting = False
        self._connection: Connection | None = None
        self._codes = Codes(self._state, limit=settings.qr_limit, colour=settings.qr_colour)
        self._backoff = Backoff(settings.backoff)
        self._dials = 0
        self._begun_at = _monotonic()
        self._owned_until = lease.asked_at + settings.lease_seconds * OWNED_PART

    # -- the engine's side ----------------------------------------------------------------------------------------
    def happened(self, happening: Happening) -> None:
        """Queue what happened; `run` takes it in order."""
        self._inbox.put_nowait(happening)

    async def save_creds(self, creds: str) -> None:
        """Store credentials; the moment they hold a linked user, the state says so in the same step."""
        await self._state.save_creds(self._material.sealed_creds(creds), linked=is_paired(creds))

    async def load_keys(self, key_type: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Return the Signal keys that exist."""
        return await self._material.keys(key_type, ids)

    async def save_keys(
        self, entries: Sequence[tuple[str, str, str | None]], journal: tuple[str, dict[str, Any]] | None
    ) -> None:
        """Store Signal keys and a journal entry in one step."""
        await self._material.save_keys(entries, journal)

    async def sent_message(self, message_id: str) -> bytes | None:
        """Return a message that was sent lately."""
        return await self.outbox.recall(message_id)

    # -- the worker's side ----------------------------------------------------------------------------------------
    def renewed(self, seconds: float) -> None:
        """Pass the lease's renewal on to the engine."""
        self._owned_until = _monotonic() + seconds
        if self._connection is not None:
            self._connection.renewed(seconds)

    @property
    def has_connection(self) -> bool:
        """Whether there is a connection, open or not."""
        return self._connection is not None

    @property
    def connection(self) -> Connection:
        """The connection.

        Raises:
            EngineUnavailable: there is none.
        """
        if self._connection is None:
            raise EngineUnavailable("it is not connected")
        return self._connection

    @property
    def owner_jid(self) -> str | None:
        """Own JID, None until linked."""
        return self._state.now.owner_jid

    @property
    def is_open(self) -> bool:
        """Whether it is logged in, as far as is known."""
        return self._connection is not None and self._state.now.phase == "open"

    @property
    def movable(self) -> bool:
        """Whether another worker can go on with it: linked, and not in the middle of a login."""
        return self._state.now.paired and self._state.now.phase in ("open", "waiting")

    async def run(self) -> None:
        """Dial until the table says stop. Ends with the socket gone.

        Raises:
            Fenced: the lease is another's; nothing more was written.
        """
        try:
            while await self._one_connection():
                pass
        finally:
            self._automatic.stop()
            self._logins.leave(self)
            await asyncio.shield(self._hang_up(logout=False))

    async def finish(self, *, logout: bool) -> None:
        """Close the connection for good, unlinking the device first when `logout`; the caller then cancels `run`."""
        self._finishing = True
        await self._hang_up(logout=logout)

    async def reroute(self, route: Route) -> None:
        """Dial again over another route; the same one is left as it is."""
        if route != self._route:
            self._route = route
            await self.restart()

    async def restart(self) -> None:
        """Close the connection and dial again at once, also when it waits to."""
        self._restarting = self._connection is not None
        self._hurry.set()
        await self._hang_up(logout=False)

    async def configure(self, settings: Settings) -> None:
        """Follow new settings from now on."""
        await self._automatic.change(settings)

    async def show(self, presence: Presence) -> None:
        """Show a presence to the account's contacts.

        Raises:
            EngineUnavailable: the session is not open.
        """
        await self.connection.show(presence)

    async def _hang_up(self, *, logout: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close(logout=logout)

    # -- one connection -------------------------------------------------------------------------------------------
    async def _one_connection(self) -> bool:
        """Dial and follow one connection to its end; False when no other is wanted."""
        await self._inbound.replay()
        self._hurry.clear()
        closed = await self._dial()
        while closed is None:
            happening = await self._inbox.get()
            if isinstance(happening, Closed):
                closed = happening
            else:
                await self._take(happening)
        self._connection = None
        self._logins.leave(self)
        self.settled.set()
        if self._finishing:
            return False
        return await self._after(closed)

    async def _dial(self) -> Closed | None:
        self._dials += 1
        creds = await self._material.creds()
        if creds is not None:
            await self._logins.enter(self)
        owned_until = self._owned_until
        dial = Dial(
            key=f"{self._id}:{self._writer.epoch}:{self._dials}",
            route=self._route,
            creds=creds,
            owned_until=lambda: self._owned_until,
            qr_seconds=self._settings.qr_seconds,
            browser=self._settings.browser,
            settings=self._automatic.settings,
            probe_seconds=self._settings.probe_seconds,
            outdated=self._state.now.reason == OUTDATED,
        )
        dialling = asyncio.ensure_future(self._engine.dial(dial, self))
        try:
            self._connection = await asyncio.shield(dialling)
        except asyncio.CancelledError:
            await asyncio.wait([dialling])
            if not dialling.cancelled() and dialling.exception() is None:
                self._connection = dialling.result()
            raise
        except EngineUnavailable as error:
            structlog.get_logger().warning("session.dial_failed", instance=self._id, why=str(error))
            return Closed(code=None, message=str(error), origin="host")
        if self._owned_until != owned_until:
            # What was renewed while it was being dialled found no connection to be passed on to.
            self._connection.renewed(max(0.0, self._owned_until - _monotonic()))
        if self._route != dial.route:
            await self.restart()
        return None

    async def _take(self, happening: Happening) -> None:
        match happening:
            case Connecting():
                await self._state.connecting()
            case QrShown():
                self._backoff.shown()
                if not await self._codes.show(happening, self._connection):
                    await self._hang_up(logout=False)
            case PairingWanted():
                await self._codes.want(happening, self._connection)
            case Paired():
                self._codes.linked()
                structlog.get_logger().info("session.paired", instance=self._id)
            case Opened(account=account):
                self._backoff.opened(_monotonic())
                self._codes.opened()
                await self._state.opened(account.id, account.name)
                self._logins.leave(self)
                self.settled.set()
            case MessageSeen() | CallSeen() | Reported():
                await self._inbound.take(happening)
                self._automatic.answer(happening)
            case _:
                pass

    # -- afterwards -----------------------------------------------------------------------------------------------
    async def _after(self, closed: Closed) -> bool:
        """Do what the table says; False when no other connection is wanted."""
        if self._codes.spent(closed):
            await self._state.stopped(LIMIT_REACHED, "qr-limit", forget=True)
            return False
        # A pairing stays one until it has reached open.
        rule = rule_for(closed, first_login=self._state.now.phase == "pairing")
        self._backoff.closed(_monotonic())
        structlog.get_logger().info(
            "session.closed", instance=self._id, code=closed.code, origin=closed.origin, action=rule.action.name
        )
        if self._restarting and rule.action is not Action.LEAVE:
            self._restarting = False
            self._backoff.forget()
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
        reached = self._state.now.paired or self._codes.any_shown
        if not reached and closed.origin != "host":
            reason = "cannot-reach-whatsapp"
        if not reached and _monotonic() - self._begun_at > UNREACHED_SECONDS:
            await self._state.stopped(closed, reason, forget=False)
            return False
        await self._state.waiting(closed, reason)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), self._backoff.delay())
        return True


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
