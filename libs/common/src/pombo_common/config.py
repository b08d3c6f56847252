"""Everything that can be set: one Struct whose encoded names are the variables of the environment."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import platformdirs
from msgspec import Meta

from pombo_common.networks import OutboundPolicy, outbound_policy, parse_networks
from pombo_common.webhook_config import WebhookConfig

Port = Annotated[int, Meta(ge=0, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Count = Annotated[int, Meta(ge=1)]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class ConfigError(Exception):
    """One or more variables cannot be used; each line names one and says what is accepted."""


class Config(WebhookConfig, frozen=True, kw_only=True):
    """Everything that can be set. Names shared with Evolution keep its meaning; the others begin with POMBO_.

    Attributes:
        api_key: the global key; there is no built-in one (embedded mode generates one into the data folder).
        server_url: public address of the API, used in answers and events; empty: derived or left out.
        response_dialect: in which shapes the root paths answer; the v2 shapes stand under /v2 either way.
        client_name: shown as `clientName` by the v2 dialect, and nowhere else.
        lease_seconds: how long a worker owns a session without renewing.
        drain_seconds: the longest that a worker that stops hands its sessions over one by one.
        max_sessions: how many sessions a worker runs at most; None: as many as come.
        sessions_per_host: how many sessions share one Node process at most.
        host_memory_mb: resident memory, MiB, above which a Node process is replaced by a fresh one.
        connect_seconds: how long create and connect wait for a QR code.
        qr_seconds: how long each QR code is shown; None: WhatsApp's own 60 s, then 20 s.
        qr_limit: QR codes after which an instance that nobody links is closed.
        reconnect_first_delay: seconds before the first dial after a lost connection, at most; it doubles.
        reconnect_max_delay: the longest of those delays; a connection that lasted so long counts as steady.
        probe_seconds: an open session without traffic is asked so often whether WhatsApp still answers.
        web_version_url: a page that names the version of WhatsApp Web; None: WhatsApp's own, and none for sessions
            that dial another server than WhatsApp's.
        sandbox: whether WHATSAPP-SANDBOX exists; None: on in embedded mode, else when `sandbox_url` is set.
        baileys_socket_url: another server for all WHATSAPP-BAILEYS sessions, for tests.
        hold_seconds: how long an event that fails holds up those behind it before it steps aside.
        delivery_sweep_seconds: how often events whose wake-up was missed are looked for.
    """

    api_key: str | None = msgspec.field(default=None, name="AUTHENTICATION_API_KEY")
    expose_keys: bool = msgspec.field(default=True, name="AUTHENTICATION_EXPOSE_IN_FETCH_INSTANCES")
    host: str | None = msgspec.field(default=None, name="POMBO_HOST")
    port: Port = msgspec.field(default=8080, name="SERVER_PORT")
    server_url: str = msgspec.field(default="", name="SERVER_URL")
    response_dialect: Literal["seed", "v2"] = msgspec.field(default="seed", name="RESPONSE_DIALECT")
    client_name: str = msgspec.field(default="evolution_exchange", name="DATABASE_CONNECTION_CLIENT_NAME")
    data_dir: str = msgspec.field(default="", name="POMBO_DATA_DIR")
    store_url: str | None = msgspec.field(default=None, name="POMBO_STORE_URL")
    bus_url: str | None = msgspec.field(default=None, name="POMBO_BUS_URL")
    encryption_key: str | None = msgspec.field(default=None, name="POMBO_ENCRYPTION_KEY")
    lease_seconds: Seconds = msgspec.field(default=15.0, name="POMBO_LEASE_SECONDS")
    drain_seconds: Seconds = msgspec.field(default=25.0, name="POMBO_DRAIN_SECONDS")
    max_sessions: Count | None = msgspec.field(default=None, name="POMBO_MAX_SESSIONS")
    sessions_per_host: Count = msgspec.field(default=120, name="POMBO_SESSIONS_PER_HOST")
    host_memory_mb: Annotated[int, Meta(ge=192)] = msgspec.field(default=512, name="POMBO_HOST_MEMORY_MB")
    connect_seconds: Seconds = msgspec.field(default=18.0, name="POMBO_CONNECT_SECONDS")
    qr_seconds: Seconds | None = msgspec.field(default=None, name="POMBO_QR_SECONDS")
    qr_limit: Count = msgspec.field(default=30, name="QRCODE_LIMIT")
    reconnect_first_delay: Seconds = msgspec.field(default=1.0, name="POMBO_RECONNECT_FIRST_DELAY_SECONDS")
    reconnect_max_delay: Seconds = msgspec.field(default=60.0, name="POMBO_RECONNECT_MAX_DELAY_SECONDS")
    probe_seconds: Seconds = msgspec.field(default=60.0, name="POMBO_PROBE_SECONDS")
    web_version_url: str | None = msgspec.field(default=None, name="POMBO_WEB_VERSION_URL")
    qr_colour: str = msgspec.field(default="#198754", name="QRCODE_COLOR")
    sandbox: bool | None = msgspec.field(default=None, name="POMBO_SANDBOX")
    sandbox_url: str | None = msgspec.field(default=None, name="POMBO_SANDBOX_URL")
    sandbox_key: str | None = msgspec.field(default=None, name="POMBO_SANDBOX_KEY")
    baileys_socket_url: str | None = msgspec.field(default=None, name="BAILEYS_SOCKET_URL")
    media_limit_mb: Count = msgspec.field(default=100, name="POMBO_MEDIA_LIMIT_MB")
    proxy_host: str = msgspec.field(default="", name="PROXY_HOST")
    proxy_port: Annotated[int, Meta(ge=1, le=65535)] = msgspec.field(default=80, name="PROXY_PORT")
    proxy_protocol: Literal["http", "https", "socks4", "socks5"] = msgspec.field(default="http", name="PROXY_PROTOCOL")
    proxy_username: str = msgspec.field(default="", name="PROXY_USERNAME")
    proxy_password: str = msgspec.field(default="", name="PROXY_PASSWORD")
    proxy_check_url: str | None = msgspec.field(default=None, name="POMBO_PROXY_CHECK_URL")
    proxy_check_seconds: Seconds = msgspec.field(default=8.0, name="POMBO_PROXY_CHECK_SECONDS")
    phone_client: str = msgspec.field(default="Pombo", name="CONFIG_SESSION_PHONE_CLIENT")
    phone_name: str = msgspec.field(default="Chrome", name="CONFIG_SESSION_PHONE_NAME")
    expose_keys_in_events: bool = msgspec.field(default=False, name="POMBO_EVENTS_APIKEY")
    hold_seconds: Annotated[float, Meta(ge=0, le=86_400)] = msgspec.field(default=30.0, name="POMBO_HOLD_SECONDS")
    delivery_sweep_seconds: Seconds = msgspec.field(default=30.0, name="POMBO_DELIVERY_SWEEP_SECONDS")
    log_level: Level = msgspec.field(default="INFO", name="POMBO_LOG_LEVEL")

    @property
    def data_path(self) -> Path:
        """The data folder: the given one, else the user's own."""
        return Path(self.data_dir) if self.data_dir else platformdirs.user_data_path("pombo")

    @property
    def outbound(self) -> OutboundPolicy:
        """Which addresses that users name may be called; this machine's own when everything runs on it."""
        return outbound_policy(parse_networks(self.webhook_allow), loopback=self.store_url is None)
