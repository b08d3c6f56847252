"""Instances over all nodes of a cluster, and slots that move from node to node under calls."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio

from pombo_common.adapters.redis import RedisStore
from pombo_common.model.instance import Live
from pombo_common.ports.changes import Change, Held, KeyEntry, Verdict
from tests.contract.store import examples
from tests.support.redis_cluster import RedisCluster
from tests.support.slot_move import SlotMove
from tests.support.waiting import eventually

CALLERS = 40


@pytest_asyncio.fixture
async def cluster_store(own_redis_cluster: RedisCluster) -> AsyncIterator[RedisStore]:
    """Yield an open store on the test's own cluster."""
    store = RedisStore(own_redis_cluster.url)
    await store.open()
    yield store
    await store.close()


def keys_on_each_node(cluster: RedisCluster, pattern: str) -> list[int]:
    """Count the keys with this pattern, node by node."""
    counts = []
    for number in range(len(cluster.nodes)):
        with cluster.client(number) as client:
            counts.append(len(list(client.scan_iter(match=pattern, count=1000))))
    return counts


@pytest.mark.asyncio
async def test_what_spans_instances_spans_the_nodes(redis_cluster: RedisCluster) -> None:
    store = RedisStore(redis_cluster.url, prefix=f"t{secrets.token_hex(6)}")
    try:
        names = [f"n{number}" for number in range(30)]
        ids = {
            name: await examples.create(store, name, destinations=(examples.destination(),), events=examples.events(1))
            for name in names
        }
        assert min(keys_on_each_node(redis_cluster, "t*:instance")) > 0
        assert sorted(stored.instance.name for stored in await store.instances()) == sorted(names)
        assert sorted(await store.names_by_token(["t"])) == sorted(names)
        assert sorted(log.name for log in await store.due()) == sorted(names)
        epochs = {name: await examples.lease(store, name, ids[name]) for name in names}
        assert await store.renew("w1", epochs, 60) == set()
        assert await store.renew("w1", dict.fromkeys(names, 9), 60) == set(names)
        for name in names:
            await store.release(name, ids[name], Held("w1", epochs[name]))
            live = Change(instance_id=ids[name], live=Live(since=2, wanted=True))
            assert (await store.apply(name, live)).verdict is Verdict.APPLIED
        assert sorted(await store.abandoned()) == sorted(names)
        for name in names:
            await store.apply(name, Change(instance_id=ids[name], delete=True))
        assert await store.instances() == []
    finally:
        await store.close()


@pytest.mark.asyncio
async def test_calls_follow_a_slot_that_moved(own_redis_cluster: RedisCluster, cluster_store: RedisStore) -> None:
    names = [f"n{number}" for number in range(9)]
    ids = {name: await examples.create(cluster_store, name) for name in names}
    epochs = {name: await examples.lease(cluster_store, name, ids[name]) for name in names}
    for name in (*names, "pombo:names"):
        move = SlotMove(own_redis_cluster, f"{{{name}}}" if name in ids else name)
        move.begin()
        move.finish()
    assert await cluster_store.renew("w1", epochs, 60) == set()
    assert sorted(stored.instance.name for stored in await cluster_store.instances()) == names
    for name in names:
        await examples.append(cluster_store, name, ids[name], 1)


@pytest.mark.asyncio
async def test_calls_are_answered_while_their_slot_is_between_two_nodes(
    own_redis_cluster: RedisCluster, cluster_store: RedisStore
) -> None:
    instance_id = await examples.create(cluster_store, "a", keys=(KeyEntry("session", "k", b"1"),))
    epoch = await examples.lease(cluster_store, "a", instance_id)
    move = SlotMove(own_redis_cluster, "{a}")
    move.begin()
    while move.carry():
        pass
    for _ in range(3):
        found = await asyncio.gather(*(cluster_store.instance("a") for _ in range(CALLERS)))
        assert {stored.instance.id for stored in found if stored} == {instance_id}
        kept = await asyncio.gather(*(cluster_store.keys("a", instance_id, "session", ["k"]) for _ in range(CALLERS)))
        assert kept == [{"k": b"1"}] * CALLERS
        assert await cluster_store.renew("w1", {"a": epoch, "b": 1}, 60) == {"b"}
    # A step on keys that are not all there cannot be taken by either node: it waits for the end of the move.
    step = asyncio.create_task(examples.append(cluster_store, "a", instance_id, 1))
    await asyncio.wait([step], timeout=0.05)
    move.finish()
    await step
    assert [event.seq for event in await cluster_store.events("a", instance_id, 0, 10)] == [1]


@pytest.mark.asyncio
async def test_no_step_is_lost_or_doubled_while_its_slot_moves(
    own_redis_cluster: RedisCluster, cluster_store: RedisStore
) -> None:
    instance_id = await examples.create(cluster_store, "a", destinations=(examples.destination(),))
    applied = 0
    ending = asyncio.Event()

    async def write() -> None:
        nonlocal applied
        while not ending.is_set():
            await examples.append(cluster_store, "a", instance_id, 1)
            applied += 1

    def more_than(count: int) -> bool:
        return applied > count

    writers = [asyncio.create_task(write()) for _ in range(4)]
    for _ in range(4):
        before = applied
        move = SlotMove(own_redis_cluster, "{a}")
        move.begin()
        await asyncio.to_thread(move.finish)
        await eventually(partial(more_than, before + 20), what="writing goes on")
    ending.set()
    await asyncio.gather(*writers)
    kept = await cluster_store.events("a", instance_id, 0, 100_000)
    assert [event.seq for event in kept] == list(range(kept[0].seq, kept[-1].seq + 1))
    assert kept[-1].seq == applied


@pytest.mark.asyncio
async def test_events_reach_the_due_index_again_after_its_slot_changed_hands(
    own_redis_cluster: RedisCluster, cluster_store: RedisStore
) -> None:
    instance_id = await examples.create(
        cluster_store, "a", destinations=(examples.destination(),), events=examples.events(1)
    )
    move = SlotMove(own_redis_cluster, "pombo:due")
    move.drop()  # a failover may lose what had not reached the replica
    move.begin()
    move.finish()
    assert await cluster_store.due() == []
    await examples.append(cluster_store, "a", instance_id, 1)
    assert [log.name for log in await cluster_store.due()] == ["a"]
