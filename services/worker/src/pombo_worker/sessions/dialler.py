"""Dials for one session: by its route, under what is left of its lease, and one connection at a time."""

import asyncio

import structlog

from pombo_common.model.settings import Settings
from pombo_worker.engines.port import Closed, Connection, Dial, EngineUnavailable, Listener, Route
from pombo_worker.sessions.parts import SessionParts
from pombo_worker.sessions.taken_lease import TakenLease


class Dialler:
    """Holds one session's connection, and passes the lease's renewals on to it.

    Attributes:
        connection: the one that is there; None between two.
        route: by which the next dial goes.
    """

    def __init__(self, instance_id: str, *, lease: TakenLease, route: Route, parts: SessionParts) -> None:
        """Dial under this lease.

        Args:
            instance_id: whose session it is.
            lease: under which it runs.
            route: how its server is reached.
            parts: what all sessions share.
        """
        self.connection: Connection | None = None
        self.route = route
        self._id = instance_id
        self._epoch = lease.epoch
        self._engine = parts.engine
        self._settings = parts.settings
        self._logins = parts.settings.logins
        self._dials = 0
        self._dialled = route
        self._owned_until = lease.owned_until(parts.settings.lease_seconds)

    @property
    def rerouted(self) -> bool:
        """Whether the last dial went by another route than the next one will."""
        return self.route != self._dialled

    async def dial(self, listener: Listener, creds: str | None, settings: Settings, *, outdated: bool) -> Closed | None:
        """Dial, and keep the connection; return how it ended when none came of it.

        Args:
            listener: is told what happens to it.
            creds: stored credentials; None begins a pairing.
            settings: the instance's switches.
            outdated: WhatsApp refused the dial before this one because of its version.
        """
        self._dials += 1
        owned_until, self._dialled = self._owned_until, self.route
        dial = Dial(
            key=f"{self._id}:{self._epoch}:{self._dials}",
            route=self.route,
            creds=creds,
            owned_until=lambda: self._owned_until,
            qr_seconds=self._settings.qr_seconds,
            browser=self._settings.browser,
            settings=settings,
            probe_seconds=self._settings.probe_seconds,
            outdated=outdated,
        )
        try:
            self.connection = await self._dialled_through(dial, listener)
        except EngineUnavailable as error:
            structlog.get_logger().warning("session.dial_failed", instance=self._id, why=str(error))
            return Closed(code=None, message=str(error), origin="host")
        if self._owned_until != owned_until:
            # What was renewed while it was being dialled found no connection to be passed on to.
            self.connection.renewed(max(0.0, self._owned_until - asyncio.get_running_loop().time()))
        return None

    async def _dialled_through(self, dial: Dial, listener: Listener) -> Connection:
        """Dial to the end, also when the caller is cancelled meanwhile: what came of it is kept, to be hung up."""
        dialling = asyncio.ensure_future(self._engine.dial(dial, listener))
        try:
            return await asyncio.shield(dialling)
        except asyncio.CancelledError:
            await asyncio.wait([dialling])
            if not dialling.cancelled() and dialling.exception() is None:
                self.connection = dialling.result()
            raise

    def renewed(self, seconds: float) -> None:
        """Pass the lease's renewal on to the engine."""
        self._owned_until = asyncio.get_running_loop().time() + seconds
        if self.connection is not None:
            self.connection.renewed(seconds)

    async def login_place(self) -> None:
        """Wait until a login may begin."""
        await self._logins.enter(self)

    def login_over(self) -> None:
        """Give the place back: the login succeeded, or nothing comes of it."""
        self._logins.leave(self)

    def closed(self) -> None:
        """Take note that the connection is over."""
        self.connection = None
        self.login_over()

    async def hang_up(self, *, logout: bool) -> bool:
        """Close the connection if there is one, unlinking the device first when `logout`; see `Connection.close`."""
        connection, self.connection = self.connection, None
        return connection is not None and await connection.close(logout=logout)
