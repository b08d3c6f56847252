"""What a Redis user may not do is found when the store is opened, and said so that a person can act on it."""

import pytest
import redis.asyncio

from pombo.checks.redis_server import RULES
from pombo_common.adapters.redis import RedisStore
from pombo_common.ports.records import WorkerBeat
from pombo_common.ports.store import StoreForbidden, StoreRefused
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.asyncio

LEAST = RULES.split()


async def opened(url: str) -> None:
    """Open a store at this address, and close it."""
    store = RedisStore(url)
    try:
        await store.open()
    finally:
        await store.close()


async def test_a_user_with_the_rules_that_are_advised_may_open_and_nothing_is_left(
    own_redis: RedisServer, plain: "redis.asyncio.Redis"
) -> None:
    await opened(own_redis.user("least", *LEAST))
    assert await plain.dbsize() == 0


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (["resetkeys", "~else:*"], "keys"),
        (["resetchannels", "&else:*"], "channel"),
        (["-@scripting"], "evalsha"),
        (["-subscribe"], "subscribe"),
        (["-zadd"], "command"),
        (["-publish"], "command"),
        (["-set"], "command"),
    ],
)
async def test_a_right_that_is_missing_is_named(own_redis: RedisServer, missing: list[str], named: str) -> None:
    url = own_redis.user("lacking", *LEAST, *missing)
    with pytest.raises(StoreForbidden, match=f"does not let this user do all that Pombo does: .*{named}") as caught:
        await opened(url)
    assert "script: " not in str(caught.value)


async def test_a_right_that_is_taken_away_later_is_an_outage(own_redis: RedisServer) -> None:
    store = RedisStore(own_redis.user("later", *LEAST))
    await store.open()
    own_redis.user("later", *LEAST, "-hset")
    with pytest.raises(StoreForbidden):
        await store.beat(WorkerBeat(id="w", sessions=0), 60)
    await store.close()


async def test_a_wrong_password_is_told_apart_from_a_redis_that_is_away(own_redis: RedisServer) -> None:
    url = own_redis.user("known", *LEAST).replace("pa55word", "wrong")
    with pytest.raises(StoreRefused, match="refuses the user or the password") as caught:
        await opened(url)
    assert not isinstance(caught.value, StoreForbidden)


async def test_a_database_that_is_not_there_is_said(own_redis: RedisServer) -> None:
    with pytest.raises(StoreRefused, match="DB index is out of range"):
        await opened(own_redis.url.replace("/0", "/999"))


async def test_a_redis_that_takes_no_writes_now_can_be_opened(
    own_redis: RedisServer, plain: "redis.asyncio.Redis"
) -> None:
    await plain.config_set("maxmemory", "1")
    await opened(own_redis.url)


async def test_of_a_cluster_each_node_and_its_list_of_slots_are_tried(own_redis_cluster: RedisCluster) -> None:
    for node in own_redis_cluster.nodes:
        node.user("least", *LEAST)
    url = own_redis_cluster.url.replace("://", "://least:pa55word@")
    await opened(url)
    own_redis_cluster.nodes[2].user("least", *LEAST, "-zadd")
    with pytest.raises(StoreForbidden, match="command"):
        await opened(url)
    for node in own_redis_cluster.nodes:
        node.user("least", *LEAST, "-cluster")
    with pytest.raises(StoreForbidden, match="cluster"):
        await opened(url)
    with pytest.raises(StoreRefused, match="refuses the user or the password"):
        await opened(url.replace("pa55word", "wrong"))
