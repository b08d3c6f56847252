"""Redis goes away, freezes, forgets its scripts or refuses writes: the store says so in time, and comes back."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import redis.asyncio

from pombo_common.adapters.redis import RedisStore
from pombo_common.adapters.redis.server import CALL_SECONDS
from pombo_common.model.instance import Live
from pombo_common.ports.changes import Change, JournalEntry, KeyEntry, Verdict
from pombo_common.ports.store import StoreUnavailable
from tests.contract.store import examples
from tests.support.felt_time import felt_time
from tests.support.redis_server import RedisServer
from tests.support.waiting import eventually


async def fill(store: RedisStore) -> str:
    """Keep something of every kind under the name `a`; returns the instance's id."""
    started = await examples.attempt(store, "a")
    instance_id = await examples.create(
        store,
        "a",
        attempt=started,
        creds=examples.EVERY_BYTE,
        keys=(KeyEntry("session", "a", examples.EVERY_BYTE),),
        journal=JournalEntry("j", b"1"),
        destinations=(examples.destination(), examples.destination("sqs")),
        events=examples.events(3),
        outcome=b"done",
    )
    await examples.lease(store, "a", instance_id)
    await examples.claimed(store, "a", instance_id)
    log = await store.events("a", instance_id, 0, 10)
    left = (examples.parked(log[0]), examples.parked(log[1], not_before=1))
    assert await store.settle("a", instance_id, examples.settlement("k1", 2, parked=left))
    return instance_id


def answering(store: RedisStore) -> Callable[[], Awaitable[bool] | bool]:
    """Make a probe that tells whether the store answers."""

    async def probe() -> bool:
        try:
            await store.now()
        except StoreUnavailable:
            return False
        return True

    return probe


@pytest.mark.asyncio
async def test_a_killed_redis_keeps_everything(store: RedisStore, own_redis: RedisServer) -> None:
    instance_id = await fill(store)
    before = await examples.snapshot(store, "a", instance_id)
    own_redis.kill()
    own_redis.start()
    await eventually(answering(store), what="Redis answers again")
    assert await examples.snapshot(store, "a", instance_id) == before
    assert await store.names_by_token(["t"]) == ["a"]
    assert [stored.instance.name for stored in await store.instances()] == ["a"]


@pytest.mark.asyncio
async def test_while_redis_is_killed_calls_end_at_once_and_it_recovers(
    store: RedisStore, own_redis: RedisServer
) -> None:
    instance_id = await examples.create(store, "a")
    own_redis.kill()
    async with felt_time() as took:
        calls = [store.apply("a", Change(instance_id=instance_id, live=Live(since=n))) for n in range(100)]
        outcomes = await asyncio.gather(*calls, store.instances(), store.due(), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    assert took.seconds < CALL_SECONDS
    own_redis.start()
    await eventually(answering(store), what="Redis answers again")
    assert (await store.apply("a", Change(instance_id=instance_id, live=Live(since=7)))).verdict is Verdict.APPLIED


@pytest.mark.asyncio
async def test_a_kill_amid_calls_leaves_whole_steps_only(store: RedisStore, own_redis: RedisServer) -> None:
    instance_id = await examples.create(store, "a", destinations=(examples.destination(),))
    applied = 0
    first_hundred = asyncio.Event()

    async def write(start: int) -> None:
        nonlocal applied
        for since in range(start, start + 10_000):
            await store.apply(
                "a", Change(instance_id=instance_id, live=Live(since=since), events=(examples.event(b"%d" % since),))
            )
            applied += 1
            if applied == 100:
                first_hundred.set()

    writers = [asyncio.create_task(write(number * 10_000)) for number in range(4)]
    await asyncio.wait_for(first_hundred.wait(), 60)
    own_redis.kill()
    outcomes = await asyncio.gather(*writers, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailable}
    own_redis.start()
    await eventually(answering(store), what="Redis answers again")
    kept = await store.events("a", instance_id, 0, 10_000)
    assert [event.seq for event in kept] == list(range(1, len(kept) + 1))
    assert applied <= len(kept) <= applied + len(writers)
    stored = await store.instance("a")
    assert stored is not None
    assert kept[-1].body == b"%d" % stored.live.since
    assert [log.destination for log in await store.due()] == ["webhook"]


@pytest.mark.asyncio
async def test_a_frozen_redis_is_given_up_in_time(store: RedisStore, own_redis: RedisServer) -> None:
    own_redis.pause()
    async with felt_time() as took:
        with pytest.raises(StoreUnavailable):
            await store.now()
    assert took.seconds < CALL_SECONDS + 1
    own_redis.resume()
    await eventually(answering(store), what="Redis answers again")


@pytest.mark.asyncio
async def test_flushed_scripts_are_sent_again(store: RedisStore, plain: "redis.asyncio.Redis") -> None:
    instance_id = await examples.create(store, "a")
    epoch = await examples.lease(store, "a", instance_id)
    await plain.script_flush()
    assert await store.renew("w1", {"a": epoch, "b": 1}, 60) == {"b"}
    await plain.script_flush()
    assert (await store.apply("a", Change(instance_id=instance_id, live=Live(since=2)))).verdict is Verdict.APPLIED


@pytest.mark.asyncio
async def test_a_redis_out_of_memory_is_unavailable_and_writes_nothing(
    store: RedisStore, plain: "redis.asyncio.Redis"
) -> None:
    instance_id = await fill(store)
    before = await examples.snapshot(store, "a", instance_id)
    await plain.config_set("maxmemory", 1)
    with pytest.raises(StoreUnavailable):
        await store.apply("a", Change(instance_id=instance_id, creds=b"new", events=examples.events(1)))
    assert await examples.snapshot(store, "a", instance_id) == before
    await plain.config_set("maxmemory", 0)
    assert (await store.apply("a", Change(instance_id=instance_id, takes="j"))).verdict is Verdict.APPLIED


@pytest.mark.asyncio
async def test_a_replica_that_takes_no_writes_is_unavailable(store: RedisStore, plain: "redis.asyncio.Redis") -> None:
    await plain.config_set("min-replicas-to-write", 1)
    with pytest.raises(StoreUnavailable):
        await store.apply("a", examples.creation("a", examples.new_id()))
    await plain.config_set("min-replicas-to-write", 0)
    await examples.create(store, "a")


@pytest.mark.asyncio
async def test_a_right_that_is_taken_away_for_a_while_is_an_outage(
    store: RedisStore, plain: "redis.asyncio.Redis"
) -> None:
    instance_id = await examples.create(store, "a")
    epoch = await examples.lease(store, "a", instance_id)
    await plain.execute_command("ACL", "SETUSER", "default", "-evalsha", "-eval")  # type: ignore[no-untyped-call]
    for refused in (store.instance("a"), store.renew("w1", {"a": epoch}, 60), store.abandoned()):
        with pytest.raises(StoreUnavailable):
            await refused
    await plain.execute_command("ACL", "SETUSER", "default", "+@all")  # type: ignore[no-untyped-call]
    assert await store.renew("w1", {"a": epoch}, 60) == set()
