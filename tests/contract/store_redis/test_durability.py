"""The store says when Redis, as it is set, would lose what it was told."""

import pytest
import redis.asyncio

from pombo_common.adapters.redis import RedisStore
from pombo_common.ports.store import StoreUnavailable
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_server import RedisServer


async def warned(url: str) -> list[str]:
    """Return the warnings of a store at this address."""
    store = RedisStore(url)
    try:
        return await store.warnings()
    finally:
        await store.close()


@pytest.mark.asyncio
async def test_a_redis_that_keeps_everything_is_not_warned_of(store: RedisStore) -> None:
    assert await store.warnings() == []


@pytest.mark.asyncio
async def test_no_append_only_file_and_an_evicting_policy_are_named(
    store: RedisStore, plain: "redis.asyncio.Redis"
) -> None:
    await plain.config_set("appendonly", "no")
    (no_log,) = await store.warnings()
    assert "set appendonly yes" in no_log
    for policy in ("allkeys-lru", "volatile-ttl"):
        await plain.config_set("maxmemory-policy", policy)
        first, evicts = await store.warnings()
        assert first == no_log
        assert f"(maxmemory-policy {policy})" in evicts
    await plain.config_set("appendonly", "yes")
    await plain.config_set("maxmemory-policy", "noeviction")
    assert await store.warnings() == []


@pytest.mark.asyncio
async def test_who_may_not_read_the_configuration_is_warned_all_the_same(
    own_redis: RedisServer, plain: "redis.asyncio.Redis"
) -> None:
    await plain.config_set("appendonly", "no")
    await plain.execute_command("ACL", "SETUSER", "managed", "on", ">p", "~*", "&*", "+@all", "-config")  # type: ignore[no-untyped-call]
    url = f"redis://managed:p@127.0.0.1:{own_redis.port}/0"
    assert await warned(url) == await warned(own_redis.url) != []
    await plain.execute_command("ACL", "SETUSER", "managed", "-info")  # type: ignore[no-untyped-call]
    (hidden,) = await warned(url)
    assert "allow the command INFO" in hidden


@pytest.mark.asyncio
async def test_of_a_cluster_the_nodes_are_counted_and_not_named(own_redis_cluster: RedisCluster) -> None:
    with own_redis_cluster.client(0) as client:
        client.config_set("maxmemory-policy", "allkeys-random")
    for number in (1, 2):
        with own_redis_cluster.client(number) as client:
            client.config_set("appendonly", "no")
    no_log, evicts = sorted(await warned(own_redis_cluster.url), key=lambda text: "appendonly" not in text)
    assert no_log.startswith("Redis (on 2 of 3 nodes) keeps no append-only file")
    assert evicts.startswith("Redis (on 1 of 3 nodes) may throw keys away")
    assert "127.0.0.1" not in no_log + evicts


@pytest.mark.asyncio
async def test_a_redis_that_is_away_says_nothing(store: RedisStore, own_redis: RedisServer) -> None:
    own_redis.kill()
    with pytest.raises(StoreUnavailable):
        await store.warnings()
