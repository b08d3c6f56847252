"""A short connection for a linked device that is not connected: it logs in only to have WhatsApp forget the device."""

import asyncio

import structlog

from pombo_worker.engines.port import Closed, Connection, Dial, Engine, EngineUnavailable, Opened
from pombo_worker.sessions.listener import MaterialListener
from pombo_worker.sessions.material import Material
from pombo_worker.sessions.parts import SessionParts
from pombo_worker.sessions.taken_lease import TakenLease
from pombo_worker.sessions.writer import SessionWriter

UNLINKED = 401


class Unlinking(MaterialListener):
    """Runs that connection under a lease that the caller has just taken. It is the engine's Listener."""

    def __init__(self, engine: Engine, material: Material, writer: SessionWriter) -> None:
        """Log in with this material."""
        super().__init__(material)
        self._engine = engine
        self._writer = writer

    async def run(self, dial: Dial) -> bool:
        """Log in and out again while the lease is ours; returns whether WhatsApp has forgotten the device.

        Raises:
            Fenced: the lease is another's.
        """
        connection: Connection | None = None
        try:
            async with asyncio.timeout_at(dial.owned_until()):
                connection = await self._engine.dial(dial, self)
                return await self._logged_out(connection)
        except (TimeoutError, EngineUnavailable) as error:
            structlog.get_logger().warning("session.not_unlinked", why=type(error).__name__)
            return False
        finally:
            if connection is not None:
                await asyncio.shield(connection.close(logout=False))

    async def _logged_out(self, connection: Connection) -> bool:
        while True:
            match await self._inbox.get():
                case Opened():
                    return await connection.close(logout=True)
                case Closed(code=code, origin=origin):
                    return code == UNLINKED and origin == "server"
                case _:
                    pass

    async def save_creds(self, creds: str) -> None:
        """Store the credentials: should the logout fail, they still hold."""
        await self._writer.creds(self._material.sealed_creds(creds))

    async def sent_message(self, message_id: str) -> bytes | None:  # noqa: ARG002 - the port's name
        """Have no message to send again."""
        return None


async def unlink(parts: SessionParts, lease: TakenLease, url: str | None) -> bool:
    """Run that connection for an instance, for part of a lease time at most.

    Args:
        parts: what all sessions share.
        lease: which was just taken, the instance's session not running. It is not counted on any longer than one's.
        url: where its session dials; None is WhatsApp itself.

    Returns:
        Whether WhatsApp has forgotten the device.

    Raises:
        Fenced: the lease is another's.
    """
    instance = lease.stored.instance
    writer = SessionWriter(parts.store, parts.wakes, instance.name, instance.id, lease.held)
    material = Material(parts.store, parts.vault, writer)
    owned_until = lease.owned_until(parts.settings.lease_seconds)
    dial = Dial(
        key=f"{instance.id}:{lease.epoch}:unlink",
        route=parts.routes.route(instance, url),
        creds=await material.creds(),
        owned_until=lambda: owned_until,
        qr_seconds=None,
        browser=parts.settings.browser,
    )
    return await Unlinking(parts.engine, material, writer).run(dial)
