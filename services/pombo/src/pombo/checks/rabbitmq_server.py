"""The RabbitMQ of POMBO_BUS_URL: reachable, and new enough for quorum queues with a delivery limit."""

import asyncio
import re

import aiormq
from aiormq.exceptions import AMQPError, AuthenticationError, ProbableAuthenticationError

from pombo.checks.finding import Finding, fail, ok, shown_address, warn

CHECK = "RabbitMQ"
PROBE_SECONDS = 5.0
OLDEST = (3, 10)


async def check_rabbitmq(url: str) -> Finding:
    """Look at the server; no message holds the password, nor the library's own words."""
    where = shown_address(url)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            connection = await aiormq.connect(url)
            properties = connection.server_properties
            await connection.close()
    except (AuthenticationError, ProbableAuthenticationError):
        return fail(CHECK, f"{where} refuses the user or the password", "check POMBO_BUS_URL")
    except (AMQPError, OSError, ValueError, TimeoutError) as error:
        why = f"{where} cannot be used ({type(error).__name__})"
        return fail(CHECK, why, "check POMBO_BUS_URL and that the server runs")
    version = properties.get("version", b"?")
    return judged(version.decode(errors="replace") if isinstance(version, bytes) else str(version), where)


def judged(version: str, where: str) -> Finding:
    """Judge a version, such as `3.13.7`."""
    found = re.match(r"(\d+)\.(\d+)", version)
    says = f"{version} at {where}"
    if found and (int(found[1]), int(found[2])) < OLDEST:
        return warn(CHECK, says, "RabbitMQ 3.10 or newer keeps dead letters at least once; older ones may lose some")
    return ok(CHECK, says)
