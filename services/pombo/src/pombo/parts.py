"""The four ways to run Pombo: everything in one process, or API, worker and sandbox apart."""

import contextlib
import os
from pathlib import Path

import click
import msgspec

from pombo.composition import (
    build_engine,
    build_vault,
    embedded_ports,
    open_ports,
    remote_ports,
    remote_sandbox,
    require,
)
from pombo.data_folder import DataFolder
from pombo.serving import address_of, bind, serving, until_stopped
from pombo.simulator import SimulatorProcess, simulator_command
from pombo_api.app import create_app
from pombo_common.config import Config
from pombo_common.sandbox import Sandbox
from pombo_worker.runtime import Worker

REMOTE = (("store_url", "POMBO_STORE_URL"), ("bus_url", "POMBO_BUS_URL"), ("encryption_key", "POMBO_ENCRYPTION_KEY"))


async def run_up(config: Config) -> None:
    """Run API and worker in this process on the embedded adapters, until a signal.

    Raises:
        FolderInUse: another Pombo runs on the same data folder.
        OSError: the folder or the port cannot be used.
    """
    folder = DataFolder(config.data_path)
    folder.lock()
    listener = bind(config.host or "127.0.0.1", config.port)
    given = bool(config.api_key)
    address = address_of(listener)
    config = msgspec.structs.replace(
        config, api_key=config.api_key or folder.api_key(), server_url=config.server_url or address
    )
    vault = build_vault(config.encryption_key or folder.encryption_key())
    simulator = SimulatorProcess(folder.path / "sandbox", config.sandbox_key or folder.sandbox_key(), config.qr_seconds)
    sandbox = _embedded_sandbox(config, simulator)
    store, bus = embedded_ports(config)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(open_ports(store, bus))
        stack.push_async_callback(simulator.stop)
        worker = Worker(config, store=store, bus=bus, vault=vault, engine=build_engine(config), sandbox=sandbox)
        for killed in await store.workers():  # The folder's lock says that none of them lives.
            await store.leave(killed.id)
        stack.push_async_callback(worker.stop)
        await worker.start()
        await stack.enter_async_context(serving(create_app(config, store, bus, vault, sandbox), listener))
        _welcome(config, address, folder.path, given=given)
        await until_stopped()
        click.echo("stopping …")


async def run_api(config: Config) -> None:
    """Run the API apart, on Redis and RabbitMQ, until a signal.

    Raises:
        ConfigError: a variable is missing.
        StoreUnavailable: Redis did not come.
        BusUnavailable: RabbitMQ did not come.
    """
    require(config, *REMOTE, ("api_key", "AUTHENTICATION_API_KEY"))
    listener = bind(config.host or "0.0.0.0", config.port)  # noqa: S104 - a service apart is there for others
    store, bus = remote_ports(config)
    vault = build_vault(config.encryption_key)
    async with open_ports(store, bus), serving(create_app(config, store, bus, vault, remote_sandbox(config)), listener):
        click.echo(f"Pombo's API is up: {address_of(listener)}")
        await until_stopped()


async def run_worker(config: Config) -> None:
    """Run a worker apart, on Redis and RabbitMQ, until a signal.

    Raises:
        ConfigError: a variable is missing.
        StoreUnavailable: Redis did not come.
        BusUnavailable: RabbitMQ did not come.
    """
    require(config, *REMOTE)
    store, bus = remote_ports(config)
    vault = build_vault(config.encryption_key)
    async with open_ports(store, bus):
        worker = Worker(
            config, store=store, bus=bus, vault=vault, engine=build_engine(config), sandbox=remote_sandbox(config)
        )
        try:
            await worker.start()
            click.echo(f"Pombo's worker {worker.id} is up")
            await until_stopped()
        finally:
            await worker.stop()


def run_sandbox(config: Config, port: int) -> None:
    """Become the simulator, with its state in the data folder.

    Raises:
        ConfigError: POMBO_SANDBOX_KEY is missing.
        EngineUnavailable: no Node, or its package is not installed.
    """
    require(config, ("sandbox_key", "POMBO_SANDBOX_KEY"))
    state: Path = config.data_path / "sandbox"
    state.parent.mkdir(parents=True, exist_ok=True)
    command = simulator_command(config.host or "127.0.0.1", port, state, config.qr_seconds)
    environment = {**os.environ, "POMBO_SANDBOX_KEY": config.sandbox_key or ""}
    os.execve(command[0], command, environment)  # noqa: S606 - the simulator takes this process over, signals and all


def _embedded_sandbox(config: Config, simulator: SimulatorProcess) -> Sandbox | None:
    if config.sandbox is False:
        return None
    return remote_sandbox(config) or simulator


def _welcome(config: Config, address: str, folder: Path, *, given: bool) -> None:
    """Print where Pombo is and with which key it can be used."""
    click.echo(f"\n{click.style('Pombo is up', bold=True)}")
    click.echo(f"  address  {address}")
    if given:
        click.echo("  key      the one in AUTHENTICATION_API_KEY")
    else:
        click.echo(f"  key      {config.api_key}  (kept in {folder / 'api-key'})")
    click.echo(f"  data     {folder}")
    click.echo("  stop     Ctrl-C\n")
