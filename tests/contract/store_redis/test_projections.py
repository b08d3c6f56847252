"""What spans instances only ever holds too much: left-over entries are read past and dropped, late steps do nothing."""

from collections.abc import Sequence

import pytest
import redis.asyncio

from pombo_common.adapters.redis import RedisStore
from pombo_common.adapters.redis.projections import GRACE_MS, LATE_MS, Entry, Projections
from pombo_common.ports.changes import Change, Verdict
from pombo_common.ports.store import StoreUnavailable
from tests.contract.store import examples


async def members(plain: "redis.asyncio.Redis", key: str) -> list[bytes]:
    """Return what one projection holds."""
    found: list[bytes] = await plain.execute_command("ZRANGE", key, 0, -1)  # type: ignore[no-untyped-call]
    return found


@pytest.mark.asyncio
async def test_entries_that_a_crash_left_are_read_past_and_dropped(
    store: RedisStore, plain: "redis.asyncio.Redis"
) -> None:
    instance_id = await examples.create(store, "a", destinations=(examples.destination(),), events=examples.events(1))
    true = f"{instance_id}/a"
    for key in ("pombo:names", "pombo:token:t", "pombo:due"):
        await plain.zadd(key, {"id/ghost": 1, "former/a": 1, true: 2})
    await plain.zadd("pombo:token:other", {true: 1})
    assert [stored.instance.name for stored in await store.instances()] == ["a"]
    assert await store.names_by_token(["t", "other"]) == ["a"]
    assert [log.name for log in await store.due()] == ["a"]
    assert await members(plain, "pombo:names") == [true.encode()]
    assert await members(plain, "pombo:token:t") == [true.encode()]
    assert await members(plain, "pombo:token:other") == []
    assert await members(plain, "pombo:due") == [true.encode()]


@pytest.mark.asyncio
async def test_an_entry_whose_step_may_still_come_is_not_dropped(
    store: RedisStore, plain: "redis.asyncio.Redis"
) -> None:
    young = await store.now() - GRACE_MS // 2
    await plain.zadd("pombo:names", {"id/coming": young})
    assert await store.instances() == []
    assert await store.abandoned() == []
    assert await members(plain, "pombo:names") == [b"id/coming"]
    assert GRACE_MS > LATE_MS


@pytest.mark.asyncio
async def test_a_step_that_comes_late_adds_its_entry_again_first(
    store: RedisStore, plain: "redis.asyncio.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Projections.add
    tries = 0

    async def frozen_for_long(self: Projections, entries: Sequence[Entry]) -> int | None:
        nonlocal tries
        tries += 1
        added = await add(self, entries)
        if tries > 1 or added is None:
            return added
        await plain.delete("pombo:names")  # what a reader may do with an old entry
        return added - LATE_MS - 1

    monkeypatch.setattr(Projections, "add", frozen_for_long)
    await examples.create(store, "a")
    assert tries == 2
    assert [stored.instance.name for stored in await store.instances()] == ["a"]


@pytest.mark.asyncio
async def test_a_step_that_is_always_late_does_nothing(
    store: RedisStore, plain: "redis.asyncio.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    async def old(self: Projections, entries: Sequence[Entry]) -> int | None:
        return 1

    monkeypatch.setattr(Projections, "add", old)
    with pytest.raises(StoreUnavailable):
        await store.apply("a", examples.creation("a", examples.new_id()))
    assert await store.instance("a") is None
    assert await plain.keys("*") == []


@pytest.mark.asyncio
async def test_a_drop_does_not_take_the_entry_of_the_next_instance(store: RedisStore) -> None:
    for _ in range(20):
        instance_id = await examples.create(store, "a")
        assert [stored.instance.name for stored in await store.instances()] == ["a"]
        assert (await store.apply("a", Change(instance_id=instance_id, delete=True))).verdict is Verdict.APPLIED
        assert await store.instances() == []


@pytest.mark.asyncio
async def test_events_reach_the_due_index_again_after_an_outage_that_lost_it(
    store: RedisStore, plain: "redis.asyncio.Redis"
) -> None:
    instance_id = await examples.create(store, "a", destinations=(examples.destination(),), events=examples.events(1))
    await plain.config_set("maxmemory", 1)
    with pytest.raises(StoreUnavailable):
        await examples.append(store, "a", instance_id, 1)
    await plain.config_set("maxmemory", 0)
    await plain.delete("pombo:due")
    await examples.append(store, "a", instance_id, 1)
    assert [log.name for log in await store.due()] == ["a"]
