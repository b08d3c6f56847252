"""A RabbitMQ, the Bus's or the sink's: reachable, new enough for its queues to lose nothing, and the user's rights."""

import asyncio
import re

import aiormq
from aiormq.exceptions import AMQPError

from pombo.checks.finding import Finding, fail, ok, shown_address, warn
from pombo_common.adapters.rabbitmq.refusals import as_refused
from pombo_common.adapters.rabbitmq.rights import try_rights
from pombo_common.ports.bus import BusForbidden, BusUnavailable

BUS = "RabbitMQ"
RIGHTS = "RabbitMQ rights"
PROBE_SECONDS = 5.0
OLDEST = (3, 10)
CONFIGURE, WRITE, READ = r"^pombo\.", r"^(pombo\.|amq\.default$)", r"^pombo\."
"""What a user of the Bus needs, as `rabbitmqctl set_permissions` takes it; the tests run Pombo with no more."""


async def check_bus(url: str) -> list[Finding]:
    """Look at the server of POMBO_BUS_URL, and do there once what Pombo does."""
    server = await check_rabbitmq(url, BUS, "POMBO_BUS_URL")
    return [server] if server.result == "fail" else [server, await _rights(url)]


async def check_rabbitmq(url: str, check: str, variable: str) -> Finding:
    """Look at the server that a variable names; no message holds the password, nor the library's own words."""
    where = shown_address(url)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            connection = await aiormq.connect(url)
            properties = connection.server_properties
            await connection.close()
    except (AMQPError, OSError, ValueError, TimeoutError) as error:
        refused = as_refused(error)
        if refused is not None:
            return fail(check, f"{where}: {refused}", f"check {variable}")
        why = f"{where} cannot be used ({type(error).__name__})"
        return fail(check, why, f"check {variable} and that the server runs")
    version = properties.get("version", b"?")
    return judged(version.decode(errors="replace") if isinstance(version, bytes) else str(version), where, check)


async def _rights(url: str) -> Finding:
    try:
        await try_rights(url)
    except BusForbidden as error:
        return fail(RIGHTS, str(error), f"rabbitmqctl set_permissions USER '{CONFIGURE}' '{WRITE}' '{READ}'")
    except BusUnavailable as error:
        return fail(RIGHTS, f"they could not be tried ({error})", "see the log of the server")
    return ok(RIGHTS, "all that Pombo needs")


def judged(version: str, where: str, check: str = BUS) -> Finding:
    """Judge a version, such as `3.13.7`."""
    found = re.match(r"(\d+)\.(\d+)", version)
    says = f"{version} at {where}"
    if found and (int(found[1]), int(found[2])) < OLDEST:
        return warn(check, says, "RabbitMQ 3.10 or newer keeps dead letters at least once; older ones may lose some")
    return ok(check, says)
