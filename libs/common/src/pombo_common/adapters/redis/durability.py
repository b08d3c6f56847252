"""Whether Redis keeps what it is told: read from INFO, which also those may ask who may not read the configuration."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pombo_common.adapters.redis.client import Database
from pombo_common.ports.store import StoreForbidden

NO_LOG = (
    "keeps no append-only file: a restart loses what was written since its last snapshot, sessions and undelivered "
    "events included; set appendonly yes"
)
EVICTS = (
    "may throw keys away when its memory is full (maxmemory-policy {policy}), sessions and undelivered events "
    "included; set maxmemory-policy noeviction"
)
KEEPING = "noeviction"
HIDDEN = "Redis does not let this user ask whether it would lose data: allow the command INFO"


Info = Mapping[str, str]
"""The lines `name:value` that a server says of itself."""


async def infos(database: Database) -> list[Info]:
    """Ask every server that takes writes what it says of itself.

    Raises:
        StoreForbidden: this user may not ask.
        StoreUnavailable: one of them does not answer.
    """
    return [_fields(info) for info in await database.everywhere("INFO")]


async def durability_warnings(database: Database) -> list[str]:
    """Ask every server that takes writes.

    Returns:
        A sentence for each way in which data would be lost; no addresses. Empty when there is none.

    Raises:
        StoreUnavailable: one of them does not answer.
    """
    try:
        servers = await infos(database)
    except StoreForbidden:
        return [HIDDEN]
    return [*without_log(servers), *evicting(servers)]


def without_log(servers: Sequence[Info]) -> list[str]:
    """Say of how many servers a restart loses what they were told; advice stands behind the semicolon."""
    # A server that does not say so at all is a managed one with a persistence of its own.
    return _counted([NO_LOG for info in servers if info.get("aof_enabled") == "0"], len(servers))


def evicting(servers: Sequence[Info]) -> list[str]:
    """Say of how many servers that they may throw keys away; advice stands behind the semicolon."""
    policies = [info.get("maxmemory_policy", KEEPING) for info in servers]
    return _counted([EVICTS.format(policy=policy) for policy in policies if policy != KEEPING], len(servers))


def _fields(info: bytes) -> Info:
    lines = (line.partition(":") for line in info.decode().splitlines())
    return {name: value for name, colon, value in lines if colon}


def _counted(texts: Sequence[str], total: int) -> list[str]:
    return [f"{_subject(count, total)} {text}" for text, count in Counter(texts).items()]


def _subject(count: int, total: int) -> str:
    return "Redis" if total == 1 else f"Redis (on {count} of {total} nodes)"
