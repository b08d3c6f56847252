"""What the commands on a running Pombo share: where it is, and how they run and fail."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from pombo.address import Address, AddressError, find_address
from pombo.caller import Refused, Unreachable
from pombo.client import PomboClient
from pombo.terminal import fail
from pombo_common.config import ConfigError

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])

COMPLETION_SECONDS = 1.0
INTERRUPTED = 130
UNAUTHORISED = 401
HOW_TO_START = "start one with `make run` (or `pombo up`), or say with --url or POMBO_URL where it is"
HOW_TO_KEY = "the key is not accepted: give it with --key or POMBO_KEY"


def reaching(command: Command) -> Command:
    """Give a command the options that say where Pombo is: `url` and `key`."""
    command = click.option(
        "--key", metavar="KEY", help="Key [env: POMBO_KEY, AUTHENTICATION_API_KEY; else the data folder's own]."
    )(command)
    return click.option("--url", metavar="URL", help="Address [env: POMBO_URL; else this machine at SERVER_PORT].")(
        command
    )


def for_machines(command: Command) -> Command:
    """Give a command the option to print JSON: `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")(command)


def named(command: Command) -> Command:
    """Give a command the argument that names an existing instance: `name`."""
    return click.argument("name", shell_complete=complete_names)(command)


def address_or_fail(url: str | None, key: str | None) -> Address:
    """Return where Pombo is; what is wrong with it ends the command."""
    try:
        return find_address(url, key, os.environ, Path(".env"))
    except (AddressError, ConfigError) as error:
        fail(str(error))


def call(url: str | None, key: str | None, work: Callable[[PomboClient], Awaitable[T]]) -> T:
    """Do something with a running Pombo; every failure is one clear line and status 1."""
    address = address_or_fail(url, key)

    async def calling() -> T:
        async with PomboClient(address) as client:
            return await work(client)

    try:
        return run(calling)
    except Refused as error:
        fail(*([HOW_TO_KEY] if error.status == UNAUTHORISED else error.messages))
    except Unreachable as error:
        fail(f"{error}; {HOW_TO_START}")


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Run to the end; Ctrl-C, SIGTERM and a closed terminal cancel it, so that it can tidy up, and end with 130."""

    async def stoppable() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, lambda: task.cancel() if task is not None else None)
        return await work()

    try:
        return asyncio.run(stoppable())
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(INTERRUPTED)


def complete_names(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the names of instances of the running Pombo; quick, and silent when it cannot be asked."""

    async def ask(address: Address) -> list[str]:
        async with PomboClient(address, seconds=COMPLETION_SECONDS) as client:
            return [row.name for row in (await client.instances())[0]]

    try:
        address = find_address(context.params.get("url"), context.params.get("key"), os.environ, Path(".env"))
        names = asyncio.run(ask(address))
    except (AddressError, ConfigError, Refused, Unreachable):
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
