"""The Redis of POMBO_STORE_URL, reached as the Store reaches it: new enough, keeping what it was given, and on time."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence

from redis.exceptions import RedisError, ResponseError

from pombo.checks.finding import Finding, fail, ok, shown_address, warn
from pombo_common.adapters.redis import RedisStore
from pombo_common.adapters.redis.durability import HIDDEN, Info, evicting, without_log
from pombo_common.ports.store import StoreForbidden, StoreRefused, StoreUnavailable

CHECK = "Redis"
RIGHTS = "Redis rights"
PROBE_SECONDS = 10.0
CLOCK_SECONDS = 2.0
OLDEST = (6, 2)
"""The first with ZADD GT, which the Store rests on."""
TRIED = (7, 0)
RULES = "~pombo:* &pombo:* +@read +@write +@scripting +@pubsub +@connection +time +info +cluster|slots"
"""What a Redis user needs; the tests run Pombo with no more."""


async def check_redis(url: str) -> list[Finding]:
    """Look at the server, or at all nodes of a cluster; no message holds the password."""
    where = shown_address(url)
    try:
        store = RedisStore(url)
    except ValueError:  # The library cannot read the address; its words may hold all of it.
        return [fail(CHECK, f"{where} cannot be used", "check the form of POMBO_STORE_URL")]
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await _look(store, where)
    except (StoreUnavailable, RedisError, TimeoutError, ValueError) as error:
        why = str(error) if isinstance(error, StoreUnavailable) else type(error).__name__
        return [fail(CHECK, f"{where} cannot be used ({why})", "check POMBO_STORE_URL and that the server runs")]
    finally:
        await store.close()


async def _look(store: RedisStore, where: str) -> list[Finding]:
    rights = await _rights(store)
    try:
        infos = await store.infos()
    except StoreForbidden:
        return [warn(CHECK, f"answers at {where}", HIDDEN), rights]
    except (StoreRefused, ResponseError):  # Nobody is let in so.
        return [fail(CHECK, f"{where}: {rights.says}", "check POMBO_STORE_URL")]
    found = [version(infos, where), rights, *keeping(infos)]
    if rights.result == "ok":
        found.append(clock(await store.now() / 1000, time.time()))
    return found


async def _rights(store: RedisStore) -> Finding:
    try:
        await store.open()
    except StoreForbidden as error:
        return fail(RIGHTS, str(error), f"give it those of `ACL SETUSER NAME {RULES}`")
    except StoreRefused as error:
        return fail(RIGHTS, str(error), "Pombo needs Redis 7 or newer")
    return ok(RIGHTS, "all that Pombo needs")


def version(infos: Sequence[Info], where: str) -> Finding:
    """Judge the version, of a cluster that of its oldest node."""
    oldest = min((info.get("redis_version", "?") for info in infos), key=_numbers, default="?")
    says = f"{oldest} at {where}"
    if _numbers(oldest) < OLDEST:
        return fail(CHECK, says, "Pombo needs Redis 7 or newer: it calls what this one does not know")
    if _numbers(oldest) < TRIED:
        return warn(CHECK, says, "Pombo is tried with Redis 7 and newer: take one of those")
    return ok(CHECK, says)


def keeping(infos: Sequence[Info]) -> list[Finding]:
    """Judge whether what was answered survives a restart of the server, and its full memory."""
    return [
        *_judged("Redis persistence", infos, without_log, "append-only file on"),
        *_judged("Redis eviction", infos, evicting, "none"),
    ]


def _judged(
    check: str, infos: Sequence[Info], judge: Callable[[Sequence[Info]], list[str]], well: str
) -> list[Finding]:
    parts = [text.rpartition("; ") for text in judge(infos)]
    return [warn(check, says, advice) for says, _, advice in parts] or [ok(check, well)]


def clock(theirs: float, ours: float) -> Finding:
    """Judge the difference between the server's clock, by which commands expire, and this machine's; both in s."""
    check, off = "Redis clock", theirs - ours
    says = f"{abs(off):.1f} s {'ahead of' if off > 0 else 'behind'} this machine's"
    if abs(off) <= CLOCK_SECONDS:
        return ok(check, "as this machine's")
    return warn(check, says, "keep both on time (NTP): commands expire by the clock of Redis")


def _numbers(text: str) -> tuple[int, ...]:
    """Read the first two numbers of a version; one that cannot be read counts as new."""
    found = re.match(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else TRIED
