"""The `pombo` command."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
import msgspec
import structlog
import uvloop

from pombo.commands.completion import completion
from pombo.commands.deliveries import dead_letters, deliveries, events, webhook
from pombo.commands.doctor import doctor
from pombo.commands.instance import instance
from pombo.commands.message import message
from pombo.commands.tour import tour
from pombo.data_folder import FolderInUse
from pombo.terminal import fail
from pombo_common.config import Config, ConfigError
from pombo_common.config_loading import load_config, read_variables
from pombo_common.evolution_variables import idle_variables
from pombo_common.ports.bus import BusRefused, BusUnavailable
from pombo_common.ports.store import StoreRefused, StoreUnavailable
from pombo_common.telemetry import configure_logging
from pombo_worker.engines.port import EngineUnavailable

DOTENV = Path(".env")


@click.group()
@click.version_option(package_name="pombo", message="pombo %(version)s")
def pombo() -> None:
    """WhatsApp instances as a service."""


pombo.add_command(instance)
pombo.add_command(message)
pombo.add_command(deliveries)
pombo.add_command(dead_letters)
pombo.add_command(events)
pombo.add_command(webhook)
pombo.add_command(tour)
pombo.add_command(doctor)
pombo.add_command(completion)


@pombo.command()
def up() -> None:
    """Run API and worker in one process; no server is needed."""
    from pombo.parts import run_up  # noqa: PLC0415 - the other commands need not pay for it

    _run(run_up)


@pombo.command()
def api() -> None:
    """Run the API apart, on POMBO_STORE_URL and POMBO_BUS_URL."""
    from pombo.parts import run_api  # noqa: PLC0415 - as in up

    _run(run_api)


@pombo.command()
@click.option("--max-sessions", type=click.IntRange(min=1), help="Sessions to run at most; else POMBO_MAX_SESSIONS.")
def worker(max_sessions: int | None) -> None:
    """Run a worker apart, on POMBO_STORE_URL and POMBO_BUS_URL."""
    from pombo.parts import run_worker  # noqa: PLC0415 - as in up

    _run(lambda config: run_worker(msgspec.structs.replace(config, max_sessions=max_sessions or config.max_sessions)))


@pombo.command()
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="Port to listen on, 0 for any.")
def sandbox(port: int) -> None:
    """Run the WhatsApp simulator apart; POMBO_SANDBOX_KEY guards its control port."""
    from pombo.parts import run_sandbox  # noqa: PLC0415 - as in up

    try:
        run_sandbox(_config(), port)
    except (ConfigError, EngineUnavailable, OSError) as error:
        fail(str(error))


def _run(part: Callable[[Config], Awaitable[None]]) -> None:
    """Run one part until it is stopped; what keeps it from running is one clear message."""
    config = _config()
    configure_logging(config.log_level)
    idle = idle_variables(read_variables(os.environ, DOTENV))
    if idle:
        structlog.get_logger().warning("variables of Evolution API that steer nothing here are set", names=idle)

    async def run() -> None:
        await part(config)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run())
    except ConfigError as error:
        fail(str(error))
    except FolderInUse as error:
        fail(f"another Pombo already runs on {error}; stop it, or set POMBO_DATA_DIR to another folder")
    except StoreRefused as error:
        fail(f"{error}; check POMBO_STORE_URL, or see what `pombo doctor` says")
    except StoreUnavailable:
        fail("Redis cannot be reached: check POMBO_STORE_URL and that the server runs")
    except BusRefused as error:
        fail(f"{error}; check POMBO_BUS_URL, or see what `pombo doctor` says")
    except BusUnavailable:
        fail("RabbitMQ cannot be reached: check POMBO_BUS_URL and that the server runs")
    except OSError as error:
        fail(f"{error.strerror or error}: check SERVER_PORT, POMBO_HOST and POMBO_DATA_DIR")


def _config() -> Config:
    try:
        return load_config(os.environ, DOTENV)
    except ConfigError as error:
        fail(str(error))
