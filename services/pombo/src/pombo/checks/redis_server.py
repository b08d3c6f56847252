"""The Redis of POMBO_STORE_URL: reachable, keeping what it was given, and on time."""

import time
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from pombo.checks.finding import Finding, fail, ok, shown_address, warn

CHECK = "Redis"
PROBE_SECONDS = 3.0
CLOCK_SECONDS = 2.0
KEEPING = "noeviction"


async def check_redis(url: str) -> list[Finding]:
    """Look at the server; no message holds the password, nor the library's own words."""
    where = shown_address(url)
    try:
        # Built in here: a URL that the library cannot read is a finding too.
        client: Redis = Redis.from_url(
            url, socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS, retry=Retry(NoBackoff(), 0)
        )
        async with client:
            info: dict[str, Any] = await client.info()
            seconds, micros = await client.time()
    except (AuthenticationError, NoPermissionError):
        return [fail(CHECK, f"{where} refuses the user or the password", "check POMBO_STORE_URL")]
    except (RedisError, OSError, ValueError, TimeoutError) as error:
        why = f"{where} cannot be used ({type(error).__name__})"
        return [fail(CHECK, why, "check POMBO_STORE_URL and that the server runs")]
    found = [ok(CHECK, f"{info.get('redis_version', '?')} at {where}"), persistence(info), eviction(info)]
    return [*found, clock(seconds + micros / 1_000_000, time.time())]


def persistence(info: dict[str, Any]) -> Finding:
    """Judge whether what was answered survives a kill of the server."""
    check = "Redis persistence"
    if info.get("aof_enabled") == 1:
        return ok(check, "append-only file on")
    says = "the append-only file is off: a kill of Redis loses what came since the last snapshot"
    return warn(check, says, "appendonly yes")


def eviction(info: dict[str, Any]) -> Finding:
    """Judge whether the server may throw keys away."""
    check, policy = "Redis eviction", str(info.get("maxmemory_policy", "unknown"))
    if policy == KEEPING:
        return ok(check, policy)
    return warn(check, f"{policy}: instances and events could be thrown away", f"maxmemory-policy {KEEPING}")


def clock(theirs: float, ours: float) -> Finding:
    """Judge the difference between the server's clock, by which commands expire, and this machine's; both in s."""
    check, off = "Redis clock", theirs - ours
    says = f"{abs(off):.1f} s {'ahead of' if off > 0 else 'behind'} this machine's"
    if abs(off) <= CLOCK_SECONDS:
        return ok(check, "as this machine's")
    return warn(check, says, "keep both on time (NTP): commands expire by the clock of Redis")
