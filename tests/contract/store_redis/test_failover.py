"""A failover that loses the last writes: two workers may have the same epoch, and only one of them writes."""

import pytest
import redis.asyncio

from pombo_common.adapters.redis import RedisStore
from pombo_common.adapters.redis.keys import Keys
from pombo_common.ports.changes import Change, Held, Verdict
from tests.contract.store import examples

pytestmark = pytest.mark.asyncio

LEASE = ("owner", "epoch", "expires")


async def test_of_two_workers_with_one_epoch_only_the_owner_writes(
    store: RedisStore, plain: "redis.asyncio.Redis"
) -> None:
    instance_id = await examples.create(store, "a")
    assert await examples.lease(store, "a", instance_id, "before") == 1
    await store.release("a", instance_id, Held("before", 1))
    key = Keys("pombo").instance("a")
    replicated = dict(zip(LEASE, await plain.hmget(key, LEASE), strict=True))
    assert await examples.lease(store, "a", instance_id, "first") == 2
    # The replica that takes over had not got that step.
    await plain.hset(key, mapping=replicated)  # type: ignore[arg-type]
    assert await examples.lease(store, "a", instance_id, "second") == 2

    async def written(owner: str) -> Verdict:
        change = Change(instance_id=instance_id, held=Held(owner, 2), creds=owner.encode(), events=(examples.event(),))
        return (await store.apply("a", change)).verdict

    assert await written("first") is Verdict.FENCED
    assert await written("second") is Verdict.APPLIED
    assert await store.creds("a", instance_id) == b"second"
    # Nor can the first one end what it does not have.
    await store.release("a", instance_id, Held("first", 2))
    assert await store.renew("second", {"a": 2}, 60) == set()
    assert await store.renew("first", {"a": 2}, 60) == {"a"}
    # When it takes the lease again, it has an epoch that it never had.
    await store.release("a", instance_id, Held("second", 2))
    await plain.hset(key, mapping=replicated)  # type: ignore[arg-type]
    assert await store.acquire("a", instance_id, "first", 60, 2) == 3
