"""One session: dials, turns what happens into state and events, and goes on until no other connection is wanted."""

import asyncio

import structlog

from pombo_common.model.settings import Settings
from pombo_common.ports.records import StoredInstance
from pombo_worker.engines.port import (
    CallSeen,
    Closed,
    Connecting,
    Connection,
    EngineUnavailable,
    Happening,
    MessageSeen,
    Named,
    Opened,
    Paired,
    PairingWanted,
    QrShown,
    Reported,
    Route,
)
from pombo_worker.sessions.automatic import Automatic
from pombo_worker.sessions.codes import Codes
from pombo_worker.sessions.dialler import Dialler
from pombo_worker.sessions.inbound import InboundLog
from pombo_worker.sessions.listener import MaterialListener
from pombo_worker.sessions.live_state import LiveState
from pombo_worker.sessions.material import Material, is_paired
from pombo_worker.sessions.parts import SessionParts
from pombo_worker.sessions.reconnecting import Reconnecting
from pombo_worker.sessions.sent_log import SentLog
from pombo_worker.sessions.session_log import SessionLog
from pombo_worker.sessions.taken_lease import TakenLease
from pombo_worker.sessions.writer import SessionWriter


class Session(MaterialListener):
    """Runs one instance's session for as long as its lease is ours. It is the engine's Listener.

    Attributes:
        name: the instance's name.
        settled: set once it has logged in, or its first connection has failed.
        outbox: what was sent lately.
        following: takes what a connection tells, until its close.
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
        super().__init__(material)
        settings, events = parts.settings, parts.events
        self.name = stored.instance.name
        self.settled = asyncio.Event()
        self.outbox = material.outbox()
        self.following = False
        self._id = stored.instance.id
        self._finishing = False
        self._dialler = dialler = Dialler(self._id, lease=lease, route=route, parts=parts)
        self._state = LiveState(stored.live, writer, events)
        self._codes = Codes(self._state, limit=settings.qr_limit, colour=settings.qr_colour)
        self._reconnecting = Reconnecting(self._id, self._state, self._codes, settings.backoff)
        log = SessionLog(writer, events, lambda: self.owner_jid)
        self._automatic = Automatic(
            stored.instance.settings, lambda: dialler.connection, SentLog(log, self.outbox).record
        )
        attachments = material.attachments(lambda: dialler.connection, self._inbox.patience)
        self._inbound = InboundLog(log, material, attachments, self._automatic)

    # -- the engine's side ----------------------------------------------------------------------------------------
    async def save_creds(self, creds: str) -> None:
        """Store credentials; the moment they hold a linked user, the state says so in the same step."""
        await self._state.save_creds(self._material.sealed_creds(creds), linked=is_paired(creds))

    async def sent_message(self, message_id: str) -> bytes | None:
        """Return a message that was sent lately."""
        return await self.outbox.recall(message_id)

    # -- the worker's side ----------------------------------------------------------------------------------------
    def renewed(self, seconds: float) -> None:
        """Pass the lease's renewal on to the engine."""
        self._dialler.renewed(seconds)

    @property
    def has_connection(self) -> bool:
        """Whether there is a connection, open or not."""
        return self._dialler.connection is not None

    @property
    def connection(self) -> Connection:
        """The connection.

        Raises:
            EngineUnavailable: there is none.
        """
        if self._dialler.connection is None:
            raise EngineUnavailable("it is not connected")
        return self._dialler.connection

    @property
    def owner_jid(self) -> str | None:
        """Own JID, None until linked."""
        return self._state.now.owner_jid

    @property
    def is_open(self) -> bool:
        """Whether it is logged in, as far as is known."""
        return self.has_connection and self._state.now.phase == "open"

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
            self._dialler.login_over()
            await asyncio.shield(self._dialler.hang_up(logout=False))

    async def finish(self, *, logout: bool) -> bool:
        """Close the connection for good, unlinking the device first when `logout`; tell whether that was confirmed.

        While it is `following`, `run` writes what came in before the close and then ends; else the caller cancels it.
        """
        self._finishing = True
        self._inbox.patience.end()
        return await self._dialler.hang_up(logout=logout)

    async def reroute(self, route: Route) -> None:
        """Dial again over another route; the same one is left as it is."""
        if route != self._dialler.route:
            self._dialler.route = route
            await self.restart()

    async def restart(self) -> None:
        """Close the connection and dial again at once, also when it waits to."""
        self._reconnecting.restart(connected=self.has_connection)
        await self._dialler.hang_up(logout=False)

    async def configure(self, settings: Settings) -> None:
        """Follow new settings from now on."""
        await self._automatic.change(settings)

    # -- one connection -------------------------------------------------------------------------------------------
    async def _one_connection(self) -> bool:
        """Dial and follow one connection to its end; False when no other is wanted."""
        await self._inbound.replay()
        self._reconnecting.dialling()
        closed = await self._dial() or await self._follow()
        self._dialler.closed()
        self.settled.set()
        return not self._finishing and await self._reconnecting.after(closed)

    async def _dial(self) -> Closed | None:
        creds = await self._material.awaited_creds()
        if creds is not None:
            await self._dialler.login_place()
        settings, outdated = self._automatic.settings, self._reconnecting.outdated
        closed = await self._dialler.dial(self, creds, settings, outdated=outdated)
        await self._automatic.dialled(settings)
        if closed is None and self._dialler.rerouted:
            await self.restart()
        return closed

    async def _follow(self) -> Closed:
        self.following = True
        try:
            while not isinstance(happening := await self._inbox.get(), Closed):
                await self._take(happening)
            return happening
        finally:
            self.following = False

    async def _take(self, happening: Happening) -> None:
        match happening:
            case MessageSeen() | CallSeen() | Reported():
                await self._inbound.take(happening)
            case _ if self._finishing:
                pass  # Its socket is gone: a state that it had on the way is not true any more.
            case Connecting():
                await self._state.connecting()
            case QrShown():
                self._reconnecting.code_shown()
                if not await self._codes.show(happening, self._dialler.connection):
                    await self._dialler.hang_up(logout=False)
            case PairingWanted():
                await self._codes.want(happening, self._dialler.connection)
            case Paired():
                self._codes.linked()
                structlog.get_logger().info("session.paired", instance=self._id)
            case Opened(account=account):
                self._reconnecting.opened()
                self._codes.opened()
                await self._state.opened(account.id, account.name)
                self._dialler.login_over()
                self.settled.set()
            case Named(name=name):
                await self._state.named(name)
            case _:
                pass
