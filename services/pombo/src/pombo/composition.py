"""Builds the adapters that the configuration names, and opens them."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import click

from pombo_common.adapters.inprocess import InProcessBus
from pombo_common.adapters.rabbitmq import RabbitMqBus
from pombo_common.adapters.redis import RedisStore
from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.config import Config, ConfigError
from pombo_common.ports.bus import Bus, BusRefused, BusUnavailable
from pombo_common.ports.store import Store, StoreRefused, StoreUnavailable
from pombo_common.sandbox import FixedSandbox, Sandbox, SandboxEndpoint
from pombo_common.vault import Vault, parse_keys
from pombo_worker.engines.baileys.engine import BaileysEngine
from pombo_worker.engines.baileys.hosts import HostLimits

_LOG = logging.getLogger(__name__)

START_SECONDS = 30
PAUSE_SECONDS = 1
GRACE_SECONDS = 2
"""How long a stopping worker waits for commands that run; what is cut off is delivered again."""


def require(config: Config, *fields: tuple[str, str]) -> None:
    """Check that variables are set which a scaled-out part cannot do without.

    Args:
        config: the configuration.
        fields: pairs of an attribute of Config and its variable.

    Raises:
        ConfigError: naming every one that is missing.
    """
    missing = [variable for field, variable in fields if not getattr(config, field)]
    if missing:
        raise ConfigError("\n".join(f"{variable}: is required here" for variable in missing))


def build_vault(encryption_key: str | None) -> Vault:
    """Return the vault for a checked `POMBO_ENCRYPTION_KEY`."""
    return Vault(parse_keys(encryption_key or ""))


def build_engine(config: Config) -> BaileysEngine:
    """Return the engine that runs real Baileys in Node hosts."""
    limits = HostLimits(sessions=config.sessions_per_host, memory_mb=config.host_memory_mb)
    return BaileysEngine(
        limits, version_page=config.web_version_url, version_file=config.data_path / "whatsapp-web-version.json"
    )


def remote_sandbox(config: Config) -> Sandbox | None:
    """Return the sandbox that somebody else runs, when one is named and not switched off."""
    if config.sandbox is False or config.sandbox_url is None:
        return None
    return FixedSandbox(SandboxEndpoint(url=config.sandbox_url.rstrip("/"), key=config.sandbox_key or ""))


@contextlib.asynccontextmanager
async def open_ports(store: Store, bus: Bus) -> AsyncIterator[None]:
    """Open both ports, waiting half a minute for servers that are still starting; close them at the end.

    Says once in the log how the Store, as it is set up, would lose data.

    Raises:
        StoreRefused: the Store does not serve this user.
        StoreUnavailable: the Store did not come.
        BusRefused: the Bus does not serve this user.
        BusUnavailable: the Bus did not come.
    """
    await _until_open(store.open, "the Store")
    try:
        for warning in await store.warnings():
            _LOG.warning("%s", warning)
        await _until_open(bus.open, "the Bus")
        try:
            yield
        finally:
            await bus.close()
    finally:
        await store.close()


def embedded_ports(config: Config) -> tuple[SqliteStore, InProcessBus]:
    """Return the adapters that need no server."""
    return SqliteStore(config.data_path / "pombo.db"), InProcessBus(grace=GRACE_SECONDS)


def remote_ports(config: Config) -> tuple[RedisStore, RabbitMqBus]:
    """Return the adapters of a scaled-out part; both addresses are set."""
    return RedisStore(config.store_url or ""), RabbitMqBus(config.bus_url or "", grace=GRACE_SECONDS)


async def _until_open(opening: Callable[[], Awaitable[None]], what: str) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + START_SECONDS
    while True:
        try:
            await opening()
        except (StoreRefused, BusRefused):  # Waiting changes nothing.
            raise
        except (StoreUnavailable, BusUnavailable):
            if loop.time() >= deadline:
                raise
            click.echo(f"waiting for {what} …", file=sys.stderr)
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return
