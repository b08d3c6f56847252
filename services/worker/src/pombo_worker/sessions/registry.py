"""The sessions that this worker owns: started under a lease, renewed together, given up together."""

import asyncio
import contextlib

import structlog

from pombo_common.model.instance import Instance
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import StoreUnavailable
from pombo_worker.engines.port import Fenced, PairingWanted, Route
from pombo_worker.sessions.material import Material
from pombo_worker.sessions.owned import Owned
from pombo_worker.sessions.parts import SessionParts
from pombo_worker.sessions.session import Session
from pombo_worker.sessions.taken_lease import TakenLease
from pombo_worker.sessions.unlinking import unlink
from pombo_worker.sessions.writer import SessionWriter

END_SECONDS = 4


class SessionRegistry:
    """Starts and ends sessions; at most one for each instance name.

    Attributes:
        worker: this worker's id, the leases' owner.
        lapsed: last epochs, by name, of sessions that ended here because their lease could not be kept.
    """

    def __init__(self, parts: SessionParts) -> None:
        """Take what sessions need."""
        self.worker = parts.worker
        self._parts = parts
        self._owned: dict[str, Owned] = {}
        self.lapsed: dict[str, int] = {}

    @property
    def names(self) -> list[str]:
        """Names of the instances whose sessions run here."""
        return list(self._owned)

    def running(self, name: str, instance_id: str) -> bool:
        """Tell whether this instance's session runs here."""
        owned = self._owned.get(name)
        return owned is not None and owned.instance_id == instance_id

    async def address(self, instance: Instance) -> str | None:
        """Return where an instance's session dials; None is WhatsApp itself. Starts the sandbox when it is needed.

        Raises:
            PomboError: 503 when the sandbox that it needs cannot be reached.
        """
        return await self._parts.routes.address(instance.integration)

    async def try_proxy(self, integration: str, proxy: str) -> None:
        """Try whether a proxy leads where sessions of this integration dial.

        Raises:
            ProxyFailed: it does not; the message says why.
            EngineUnavailable: it cannot be tried now.
            PomboError: 503 when the sandbox cannot be reached.
        """
        routes = self._parts.routes
        await self._parts.engine.check_proxy(proxy, await routes.check_target(integration), routes.check_seconds)

    def connected(self, name: str) -> Owned | None:
        """Return a session that runs here and has a connection."""
        owned = self._owned.get(name)
        return owned if owned is not None and owned.session.has_connection else None

    def route(self, instance: Instance, url: str | None) -> Route:
        """Return the way of an instance's session to this address.

        Raises:
            SealBroken: its secrets cannot be opened here.
        """
        return self._parts.routes.route(instance, url)

    def start(
        self, stored: StoredInstance, lease: TakenLease, route: Route, pairing: PairingWanted | None = None
    ) -> None:
        """Run a session under a lease that was just taken, dialling by this way, with a pairing code if wanted."""
        instance = stored.instance
        writer = SessionWriter(self._parts.store, self._parts.wakes, instance.name, instance.id, lease.held)
        session = Session(
            stored,
            lease=lease,
            route=route,
            parts=self._parts,
            writer=writer,
            material=Material(self._parts.store, self._parts.vault, writer),
        )
        if pairing is not None:
            session.happened(pairing)
        owned = Owned(session, instance.id, lease.held)
        self._owned[instance.name] = owned
        self.lapsed.pop(instance.name, None)
        owned.task = asyncio.create_task(self._run(owned), name=f"session {instance.id}")

    def pair(self, name: str, pairing: PairingWanted) -> None:
        """Ask a running session for a pairing code beside its QR code."""
        owned = self._owned.get(name)
        if owned is not None:
            owned.session.happened(pairing)

    async def restart(self, name: str) -> None:
        """Let a running session close its connection and dial again."""
        owned = self._owned.get(name)
        if owned is not None:
            await owned.session.restart()

    async def follow(self, instance: Instance) -> None:
        """Let a running session follow what is set of its instance now; it dials again if that says so.

        Raises:
            PomboError: the sandbox that it needs cannot be reached (503). It follows the settings all the same.
            SealBroken: its proxy cannot be opened here; likewise.
        """
        owned = self._owned.get(instance.name)
        if owned is not None and owned.instance_id == instance.id:
            await owned.session.configure(instance.settings)
            await owned.session.reroute(self.route(instance, await self.address(instance)))

    async def end(self, name: str, *, logout: bool, keep_lease: bool = False, lost: bool = False) -> bool:
        """End an instance's session, if one runs here, its socket gone when this returns; see `Owned.end`."""
        owned = self._owned.get(name)
        return owned is not None and await owned.end(logout=logout, keep_lease=keep_lease, lost=lost)

    async def unlink(self, lease: TakenLease) -> bool:
        """Log a device in only to unlink it, while its session does not run; see `unlink`.

        Raises:
            PomboError: 503 when the sandbox that it needs cannot be reached.
        """
        return await unlink(self._parts, lease, await self.address(lease.stored.instance))

    def is_open(self, name: str) -> bool:
        """Tell whether a session runs here and is logged in."""
        owned = self._owned.get(name)
        return owned is not None and owned.session.is_open

    async def hand_back(self, name: str) -> None:
        """End a session, its socket gone, and give the lease back; a connection that hangs is left behind."""
        try:
            await asyncio.wait_for(self.end(name, logout=False), END_SECONDS)
        except TimeoutError:
            structlog.get_logger().warning("session.slow_end")

    async def end_all(self) -> None:
        """End all sessions and give their leases back."""
        await asyncio.gather(*(self.hand_back(name) for name in self.names))

    def movable(self, name: str) -> bool:
        """Tell whether a session runs here that another worker can go on with; see `Session.movable`."""
        return name in self._owned and self._owned[name].session.movable

    async def settled(self, name: str, seconds: float) -> None:
        """Wait until a session has logged in or its first connection has failed, so many seconds at most."""
        owned = self._owned.get(name)
        if owned is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(owned.session.settled.wait(), seconds)

    def held(self) -> dict[str, int]:
        """Return the epochs of the leases held, by name."""
        return {name: owned.held.epoch for name, owned in self._owned.items()}

    def renewed(self, name: str, seconds: float) -> None:
        """Pass a renewal on to the session's connection."""
        owned = self._owned.get(name)
        if owned is not None:
            owned.session.renewed(seconds)

    async def _run(self, owned: Owned) -> None:
        session = owned.session
        try:
            await session.run()
        except Fenced:
            self.lapsed[session.name] = owned.held.epoch
            structlog.get_logger().warning("session.fenced", instance=owned.instance_id)
        except Exception:  # noqa: BLE001 - one session's fault must not reach the others
            structlog.get_logger().exception("session.failed", instance=owned.instance_id)
        finally:
            if self._owned.get(session.name) is owned:
                del self._owned[session.name]
            if not owned.keep_lease:
                with contextlib.suppress(StoreUnavailable):
                    await self._parts.store.release(session.name, owned.instance_id, owned.held)
