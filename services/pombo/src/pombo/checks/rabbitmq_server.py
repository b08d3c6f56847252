"""A RabbitMQ, the Bus's or the sink's: reachable, and new enough for quorum queues with a delivery limit."""

import asyncio
import re

import aiormq
from aiormq.exceptions import AMQPError, AuthenticationError, ProbableAuthenticationError

from pombo.checks.finding import Finding, fail, ok, shown_address, warn

BUS = "RabbitMQ"
PROBE_SECONDS = 5.0
OLDEST = (3, 10)


async def check_rabbitmq(url: str, check: str = BUS, variable: str = "POMBO_BUS_URL") -> Finding:
    """Look at the server that a variable names; no message holds the password, nor the library's own words."""
    where = shown_address(url)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            connection = await aiormq.connect(url)
            properties = connection.server_properties
            await connection.close()
    except (AuthenticationError, ProbableAuthenticationError):
        return fail(check, f"{where} refuses the user or the password", f"check {variable}")
    except (AMQPError, OSError, ValueError, TimeoutError) as error:
        why = f"{where} cannot be used ({type(error).__name__})"
        return fail(check, why, f"check {variable} and that the server runs")
    version = properties.get("version", b"?")
    return judged(version.decode(errors="replace") if isinstance(version, bytes) else str(version), where, check)


def judged(version: str, where: str, check: str = BUS) -> Finding:
    """Judge a version, such as `3.13.7`."""
    found = re.match(r"(\d+)\.(\d+)", version)
    says = f"{version} at {where}"
    if found and (int(found[1]), int(found[2])) < OLDEST:
        return warn(check, says, "RabbitMQ 3.10 or newer keeps dead letters at least once; older ones may lose some")
    return ok(check, says)
