"""Nodes of a cluster go away, freeze or are not the one that was named: calls end in time, and all comes back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pombo_common.adapters.redis import RedisStore
from pombo_common.adapters.redis.server import CALL_SECONDS
from pombo_common.model.instance import Live
from pombo_common.ports.changes import Change
from pombo_common.ports.store import StoreUnavailable
from tests.contract.store import examples
from tests.support.felt_time import felt_time
from tests.support.ports import free_port
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_server import RedisServer
from tests.support.slot_move import SlotMove
from tests.support.waiting import eventually

NAMES = [f"n{number}" for number in range(12)]


@pytest_asyncio.fixture
async def cluster_store(own_redis_cluster: RedisCluster) -> AsyncIterator[RedisStore]:
    """Yield an open store on the test's own cluster."""
    store = RedisStore(own_redis_cluster.url)
    await store.open()
    yield store
    await store.close()


async def all_answer(store: RedisStore) -> bool:
    """Tell whether every instance can be read."""
    try:
        return len(await store.instances()) == len(NAMES)
    except StoreUnavailable:
        return False


def node_of(cluster: RedisCluster, name: str) -> int:
    """Return the number of the node that has this instance."""
    return SlotMove(cluster, f"{{{name}}}").source


@pytest.mark.asyncio
async def test_a_killed_node_is_unavailable_and_keeps_everything(
    own_redis_cluster: RedisCluster, cluster_store: RedisStore
) -> None:
    ids = {name: await examples.create(cluster_store, name, creds=b"c") for name in NAMES}
    lost = node_of(own_redis_cluster, NAMES[0])
    own_redis_cluster.nodes[lost].kill()
    async with felt_time() as took:
        calls = [cluster_store.apply(name, Change(instance_id=ids[name], live=Live(since=9))) for name in NAMES]
        outcomes = await asyncio.gather(*calls, cluster_store.instances(), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, Exception)} == {StoreUnavailable}
    assert isinstance(outcomes[0], StoreUnavailable)
    assert took.seconds < CALL_SECONDS + 1
    own_redis_cluster.nodes[lost].start()
    await eventually(lambda: all_answer(cluster_store), seconds=60, what="every instance can be read again")
    for name, outcome in zip(NAMES, outcomes, strict=False):
        stored = await cluster_store.instance(name)
        assert stored is not None
        assert stored.live.since == (1_000 if isinstance(outcome, Exception) else 9)
        assert await cluster_store.creds(name, ids[name]) == b"c"


@pytest.mark.asyncio
async def test_a_frozen_node_is_given_up_in_time(own_redis_cluster: RedisCluster, cluster_store: RedisStore) -> None:
    for name in NAMES:
        await examples.create(cluster_store, name)
    frozen = node_of(own_redis_cluster, NAMES[0])
    own_redis_cluster.nodes[frozen].pause()
    async with felt_time() as took:
        with pytest.raises(StoreUnavailable):
            await cluster_store.instance(NAMES[0])
    assert took.seconds < CALL_SECONDS + 1
    own_redis_cluster.nodes[frozen].resume()
    await eventually(lambda: all_answer(cluster_store), seconds=60, what="every instance can be read again")


@pytest.mark.asyncio
@pytest.mark.parametrize("harm", ["kill", "pause"])
async def test_the_other_nodes_leases_are_renewed_by_themselves(
    own_redis_cluster: RedisCluster, cluster_store: RedisStore, harm: str
) -> None:
    ids = {name: await examples.create(cluster_store, name) for name in NAMES}
    held = {name: await cluster_store.acquire(name, ids[name], "w1", 60) or 0 for name in NAMES}
    parts = cluster_store.parts(NAMES)
    assert sorted(name for names in parts.values() for name in names) == sorted(NAMES)
    lost = own_redis_cluster.nodes[node_of(own_redis_cluster, NAMES[0])]
    getattr(lost, harm)()
    renewals = {
        part: cluster_store.renew("w1", {name: held[name] for name in names}, 60) for part, names in parts.items()
    }
    outcomes = dict(zip(renewals, await asyncio.gather(*renewals.values(), return_exceptions=True), strict=True))
    assert isinstance(outcomes.pop(f"127.0.0.1:{lost.port}"), StoreUnavailable)
    assert list(outcomes.values()) == [set(), set()]


@pytest.mark.asyncio
async def test_one_node_of_those_named_is_enough(redis_cluster: RedisCluster) -> None:
    away, there = free_port(), redis_cluster.nodes[1].port
    for nodes in (f"127.0.0.1:{there}", f"127.0.0.1:{away},127.0.0.1:{there}"):
        store = RedisStore(f"redis+cluster://{nodes}", prefix="enough")
        try:
            await store.open()
            assert [await store.instance(name) for name in NAMES] == [None] * len(NAMES)
        finally:
            await store.close()


@pytest.mark.asyncio
async def test_what_is_no_cluster_or_not_there_is_unavailable(own_redis: RedisServer) -> None:
    for port in (own_redis.port, free_port()):
        store = RedisStore(f"redis+cluster://127.0.0.1:{port}")
        try:
            with pytest.raises(StoreUnavailable):
                await store.open()
        finally:
            await store.close()


@pytest.mark.asyncio
async def test_watchers_find_another_node_when_theirs_is_gone(
    own_redis_cluster: RedisCluster, cluster_store: RedisStore
) -> None:
    async with cluster_store.watch("a") as watcher:
        assert not await watcher.changed(0.05)
        subscribed = [number for number in range(3) if _subscribed(own_redis_cluster, number)]
        assert len(subscribed) == 1
        own_redis_cluster.nodes[subscribed[0]].kill()
        assert await watcher.changed(30)  # the new subscription
        own_redis_cluster.nodes[subscribed[0]].start()
        own_redis_cluster.wait()
        while await watcher.changed(0.2):
            pass
        await examples.create(cluster_store, "a")
        assert await watcher.changed(30)


def _subscribed(cluster: RedisCluster, number: int) -> bool:
    with cluster.client(number) as client:
        return bool(client.client_list(_type="pubsub"))
