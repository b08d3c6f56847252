"""Whether Redis keeps what it is told: read from INFO, which also those may ask who may not read the configuration."""

from collections import Counter
from collections.abc import Mapping

from pombo_common.adapters.redis.client import Database, NotAllowed

NO_LOG = (
    "keeps no append-only file: a restart loses what was written since its last snapshot, sessions and undelivered "
    "events included; set appendonly yes"
)
EVICTS = (
    "may throw keys away when its memory is full (maxmemory-policy {policy}), sessions and undelivered events "
    "included; set maxmemory-policy noeviction"
)
HIDDEN = "Redis does not let this user ask whether it would lose data: allow the command INFO"


async def durability_warnings(database: Database) -> list[str]:
    """Ask every server that takes writes.

    Returns:
        A sentence for each way in which data would be lost; no addresses. Empty when there is none.

    Raises:
        StoreUnavailable: one of them does not answer.
    """
    try:
        servers = [_fields(info) for info in await database.everywhere("INFO", "persistence")]
        memories = [_fields(info) for info in await database.everywhere("INFO", "memory")]
    except NotAllowed:
        return [HIDDEN]
    found = Counter(text for server in servers for text in _of_persistence(server))
    found.update(text for memory in memories for text in _of_memory(memory))
    total = len(servers)
    return [f"{_subject(count, total)} {text}" for text, count in found.items()]


def _fields(info: bytes) -> dict[str, str]:
    """Read the lines `name:value` of INFO."""
    lines = (line.partition(":") for line in info.decode().splitlines())
    return {name: value for name, colon, value in lines if colon}


def _of_persistence(info: Mapping[str, str]) -> list[str]:
    # A server that does not say so at all is a managed one with a persistence of its own.
    return [NO_LOG] if info.get("aof_enabled") == "0" else []


def _of_memory(info: Mapping[str, str]) -> list[str]:
    policy = info.get("maxmemory_policy", "noeviction")
    return [] if policy == "noeviction" else [EVICTS.format(policy=policy)]


def _subject(count: int, total: int) -> str:
    return "Redis" if total == 1 else f"Redis (on {count} of {total} nodes)"
