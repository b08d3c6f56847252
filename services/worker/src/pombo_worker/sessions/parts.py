"""What all sessions of a worker share."""

from dataclasses import dataclass

import msgspec

from pombo_common.config import Config
from pombo_common.ports.store import Store
from pombo_common.vault import Vault
from pombo_worker.engines.port import Engine
from pombo_worker.events import EventMaker
from pombo_worker.sessions.backoff import BackoffTimes
from pombo_worker.sessions.logins import Logins
from pombo_worker.sessions.routes import Routes
from pombo_worker.wakes import Wakes

BROWSER_VERSION = "0.1.0"


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Times and limits.

    Attributes:
        lease_seconds: length of a lease.
        qr_seconds: lifetime of each QR code; None: WhatsApp's own.
        qr_limit: QR codes shown before the session gives up.
        logins: bounds how many of them log in at once.
        backoff: how soon it dials again.
        probe_seconds: how often an open session without traffic is asked whether WhatsApp still answers.
    """

    lease_seconds: float
    qr_seconds: float | None
    qr_limit: int
    qr_colour: str
    browser: tuple[str, str, str]
    logins: Logins = msgspec.field(default_factory=Logins)
    backoff: BackoffTimes = BackoffTimes()
    probe_seconds: float = 60.0

    @classmethod
    def from_config(cls, config: Config) -> "SessionSettings":
        """Take what the configuration says."""
        return cls(
            lease_seconds=config.lease_seconds,
            qr_seconds=config.qr_seconds,
            qr_limit=config.qr_limit,
            qr_colour=config.qr_colour,
            browser=(config.phone_client, config.phone_name, BROWSER_VERSION),
            backoff=BackoffTimes(first=config.reconnect_first_delay, last=config.reconnect_max_delay),
            probe_seconds=config.probe_seconds,
        )


@dataclass(frozen=True, kw_only=True)
class SessionParts:
    """Whom sessions work with.

    Attributes:
        worker: this worker's id, the leases' owner.
        store: keeps everything.
        wakes: wakes deliveries.
        vault: seals material.
        engine: runs connections.
        events: makes events.
        settings: times and limits.
        routes: how servers are reached.
    """

    worker: str
    store: Store
    wakes: Wakes
    vault: Vault
    engine: Engine
    events: EventMaker
    settings: SessionSettings
    routes: Routes
