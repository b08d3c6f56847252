"""Watchers on a connection that breaks, falls silent or cannot be made."""

import asyncio

import pytest
import redis.asyncio

from pombo_common.adapters.redis import RedisStore, watch
from pombo_common.model.instance import Live
from pombo_common.ports.changes import Change
from pombo_common.ports.store import StoreUnavailable
from tests.contract.store import examples
from tests.support.redis_server import RedisServer
from tests.support.tcp_proxy import TcpProxy


@pytest.mark.asyncio
async def test_a_new_subscription_counts_as_a_change_for_every_watcher(
    store: RedisStore, own_redis: RedisServer
) -> None:
    async with store.watch("a") as first, store.watch("a") as second, store.watch("b") as other:
        own_redis.kill()
        own_redis.start()
        assert await asyncio.gather(*(each.changed(30) for each in (first, second, other))) == [True, True, True]
        await examples.create(store, "a")
        assert await first.changed(30)
        assert await second.changed(30)
        assert not await other.changed(0.05)


@pytest.mark.asyncio
async def test_a_change_while_the_subscription_was_lost_is_noticed(
    store: RedisStore, plain: "redis.asyncio.Redis"
) -> None:
    instance_id = await examples.create(store, "a")
    async with store.watch("a") as watcher:
        for since in range(2, 7):
            await plain.client_kill_filter(_type="pubsub")
            await store.apply("a", Change(instance_id=instance_id, live=Live(since=since)))
            assert await watcher.changed(30)


@pytest.mark.asyncio
async def test_a_silent_connection_is_replaced(own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "QUIET_SECONDS", 1.0)
    async with TcpProxy("127.0.0.1", own_redis.port) as proxy:
        store = RedisStore(f"redis://127.0.0.1:{proxy.port}/0")
        await store.open()
        try:
            async with store.watch("a") as watcher:
                assert not await watcher.changed(2.5)  # answered pings are no change
                proxy.pause()
                assert not await watcher.changed(2.5)
                proxy.resume()
                assert await watcher.changed(30)
        finally:
            await store.close()


@pytest.mark.asyncio
async def test_watching_while_redis_is_away_is_refused_and_works_afterwards(
    store: RedisStore, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_redis.kill()
    monkeypatch.setattr(watch, "CALL_SECONDS", 0.3)
    with pytest.raises(StoreUnavailable):
        async with store.watch("a"):
            pytest.fail("entered without a subscription")
    monkeypatch.undo()
    own_redis.start()
    async with store.watch("a") as watcher:
        await examples.create(store, "a")
        assert await watcher.changed(30)


@pytest.mark.asyncio
async def test_watchers_that_come_and_go_share_one_connection_and_miss_nothing(
    store: RedisStore, plain: "redis.asyncio.Redis"
) -> None:
    instance_id = await examples.create(store, "a")

    async def watch_once(since: int) -> bool:
        async with store.watch("a") as watcher:
            await store.apply("a", Change(instance_id=instance_id, live=Live(since=since)))
            return await watcher.changed(30)

    for turn in range(20):
        noticed = await asyncio.gather(*(watch_once(turn * 10 + number) for number in range(10)))
        assert all(noticed)
    assert len(await plain.client_list(_type="pubsub")) <= 1
    assert await plain.pubsub_channels() == []
