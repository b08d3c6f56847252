"""What Redis ends by itself: command records after 24 h, what a deleted instance left after 72 h."""

import pytest
import redis.asyncio

from pombo_common.adapters.redis import RedisStore
from pombo_common.ports.changes import Attempt, Change, Verdict
from pombo_common.ports.records import COMMAND_MS, LEGACY_MS
from tests.contract.store import examples

SLACK_MS = 60_000


async def lifetime_ms(plain: "redis.asyncio.Redis", pattern: str) -> int:
    """Return how long the only key with this pattern still lives; -1 for ever."""
    (key,) = await plain.keys(pattern)
    lifetime: int = await plain.pttl(key)
    return lifetime


@pytest.mark.asyncio
async def test_each_move_of_a_command_gives_it_24_hours(store: RedisStore, plain: "redis.asyncio.Redis") -> None:
    await examples.opened(store, "a")
    pattern = "pombo:{a}:command:c1"
    assert 0 < COMMAND_MS - await lifetime_ms(plain, pattern) + 1 < SLACK_MS
    attempt = Attempt(command="c1", token="try-1")
    for move in range(2):
        await plain.pexpire(pattern, SLACK_MS)
        if move == 0:
            await store.start_command("a", await examples.command(store), attempt.token)
        else:
            assert await store.finish_command("a", attempt, b"done")
        assert 0 < COMMAND_MS - await lifetime_ms(plain, pattern) + 1 < SLACK_MS


@pytest.mark.asyncio
async def test_what_a_deleted_instance_left_ends_after_72_hours(
    store: RedisStore, plain: "redis.asyncio.Redis"
) -> None:
    instance_id = await examples.create(store, "a", destinations=(examples.destination(),), events=examples.events(3))
    for kind in ("log", "cursors", "sinks"):
        assert await lifetime_ms(plain, f"pombo:{{a}}:{kind}:*") == -1
    assert (await store.apply("a", Change(instance_id=instance_id, delete=True))).verdict is Verdict.APPLIED
    await examples.claimed(store, "a", instance_id)
    log = await store.events("a", instance_id, 0, 10)
    left = (examples.parked(log[0]), examples.parked(log[1], not_before=1))
    assert await store.settle("a", instance_id, examples.settlement("k1", 2, parked=left))
    for kind in ("log", "cursors", "sinks", "lanes", "waiting", "letters", "parked"):
        assert 0 < LEGACY_MS - await lifetime_ms(plain, f"pombo:{{a}}:{kind}:*") + 1 < SLACK_MS


@pytest.mark.asyncio
async def test_a_log_that_ended_leaves_no_due_destination(store: RedisStore, plain: "redis.asyncio.Redis") -> None:
    instance_id = await examples.create(store, "a", destinations=(examples.destination(),), events=examples.events(3))
    await store.apply("a", Change(instance_id=instance_id, delete=True))
    assert len(await store.due()) == 1
    for key in await plain.keys("pombo:{a}:*"):
        await plain.pexpire(key, 0)
    assert await store.due() == []
    assert await store.claim("a", instance_id, examples.SINK, "k1", 60) is None
    assert list(await store.events("a", instance_id, 0, 10)) == []
