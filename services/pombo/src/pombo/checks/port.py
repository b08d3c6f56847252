"""The port that the API listens on: free, or a Pombo answers there already."""

import asyncio

from pombo.address import Address, own_url
from pombo.caller import Unreachable
from pombo.checks.finding import Finding, fail, ok
from pombo.client import PomboClient
from pombo.serving import bind
from pombo_common.config import Config

PROBE_SECONDS = 3.0


async def check_port(config: Config) -> list[Finding]:
    """Look at the address that this configuration would listen on, or does."""
    url, check = own_url(config), "port"
    try:
        async with PomboClient(Address(url, ""), seconds=PROBE_SECONDS) as client:
            welcome = await client.welcome()
    except Unreachable:
        return [await asyncio.to_thread(_free, config, url)]
    version = f" ({welcome.version})" if welcome.version else ""
    return [ok(check, f"Pombo{version} answers at {url}")]


def _free(config: Config, url: str) -> Finding:
    check = "port"
    if not config.port:
        return ok(check, "any free one")
    try:
        bind(config.host or "127.0.0.1", config.port).close()
    except OSError as error:
        return fail(check, f"{url}: {error.strerror or error}", "set SERVER_PORT to another port, or stop what has it")
    return ok(check, f"{config.port} is free")
