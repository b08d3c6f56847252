"""Leases: one holder at a time, epochs that only grow, and writes refused without the lease."""

import asyncio

import pytest

from pombo_common.model.instance import Live
from pombo_common.ports.changes import Change, Held, Verdict
from pombo_common.ports.records import Lease
from pombo_common.ports.store import Store
from tests.contract.store.examples import create, event, lease, new_id, reached
from tests.contract.store.harness import StoreFactory

pytestmark = pytest.mark.asyncio

SHORT = 0.1


async def has_run_out(store: Store, name: str) -> bool:
    """Tell whether the instance reads as having no lease."""
    stored = await store.instance(name)
    return stored is not None and stored.lease is None


async def test_of_many_workers_one_gets_the_lease(store_factory: StoreFactory) -> None:
    handles = [await store_factory.open(), await store_factory.open()]
    instance_id = await create(handles[0], "a")
    epochs = await asyncio.gather(
        *(handles[number % 2].acquire("a", instance_id, f"w{number}", 60) for number in range(20))
    )
    assert [epoch for epoch in epochs if epoch is not None] == [1]
    stored = await handles[0].instance("a")
    assert stored is not None
    assert stored.lease is not None
    assert (stored.lease.owner, stored.lease.epoch) == (f"w{epochs.index(1)}", 1)


async def test_a_lease_says_when_it_ends(store: Store) -> None:
    instance_id = await create(store, "a")
    before = await store.now()
    await lease(store, "a", instance_id, seconds=30)
    after = await store.now()
    stored = await store.instance("a")
    assert stored is not None
    assert stored.lease is not None
    assert before + 30_000 <= stored.lease.expires_at <= after + 30_000
    assert stored.lease == Lease(owner="w1", epoch=1, expires_at=stored.lease.expires_at)
    assert [entry.lease for entry in await store.instances()] == [stored.lease]


async def test_the_holder_itself_gets_a_new_epoch_that_fences_its_former_one(store: Store) -> None:
    instance_id = await create(store, "a")
    assert await lease(store, "a", instance_id) == 1
    assert await lease(store, "a", instance_id) == 2
    verdicts = []
    for epoch in (1, 2, 3):
        change = Change(instance_id=instance_id, held=Held("w1", epoch), creds=b"%d" % epoch)
        verdicts.append((await store.apply("a", change)).verdict)
    assert verdicts == [Verdict.FENCED, Verdict.APPLIED, Verdict.FENCED]
    assert await store.creds("a", instance_id) == b"2"


async def test_a_lease_that_ran_out_fences_its_holder_although_nobody_took_it(store: Store) -> None:
    instance_id = await create(store, "a")
    epoch = await lease(store, "a", instance_id, seconds=SHORT)
    await reached(lambda: has_run_out(store, "a"), what="end of the lease")
    late = Change(instance_id=instance_id, held=Held("w1", epoch), creds=b"late", events=(event(),), live=Live(since=2))
    assert (await store.apply("a", late)).verdict is Verdict.FENCED
    assert await store.creds("a", instance_id) is None
    assert await store.events("a", instance_id, 0, 10) in ((), [])
    assert await store.renew("w1", {"a": epoch}, 60) == {"a"}


async def test_another_worker_gets_it_once_it_has_run_out_and_not_earlier(store: Store) -> None:
    instance_id = await create(store, "a")
    before = await store.now()
    await lease(store, "a", instance_id, seconds=SHORT)
    epoch = await reached(lambda: store.acquire("a", instance_id, "w2", 60), what="lease for the other worker")
    assert epoch == 2
    assert await store.now() >= before + SHORT * 1000
    old = Change(instance_id=instance_id, held=Held("w1", 1), events=(event(),))
    assert (await store.apply("a", old)).verdict is Verdict.FENCED


async def test_release_ends_it_at_once_and_the_epoch_is_remembered(store: Store) -> None:
    instance_id = await create(store, "a")
    epoch = await lease(store, "a", instance_id)
    await store.release("a", instance_id, Held("w1", epoch + 1))
    await store.release("a", instance_id, Held("w2", epoch))
    await store.release("a", new_id(), Held("w1", epoch))
    assert await store.acquire("a", instance_id, "w2", 60) is None
    await store.release("a", instance_id, Held("w1", epoch))
    assert await has_run_out(store, "a")
    assert await store.renew("w1", {"a": epoch}, 60) == {"a"}
    assert await lease(store, "a", instance_id, "w2") == 2
    await store.release("a", instance_id, Held("w1", epoch))
    assert not await has_run_out(store, "a")


async def test_renew_extends_what_is_held_and_names_what_is_lost(store: Store) -> None:
    held: dict[str, int] = {}
    ids: dict[str, str] = {}
    for name in ("kept", "newer", "other", "released"):
        ids[name] = await create(store, name)
        held[name] = await lease(store, name, ids[name], "w2" if name == "other" else "w1", 30)
    held["newer"] += 1
    await store.release("released", ids["released"], Held("w1", 1))
    assert await store.renew("w1", held | {"missing": 1}, 300) == {"newer", "other", "released", "missing"}
    before = await store.now()
    expiry = {entry.instance.name: entry.lease.expires_at - before for entry in await store.instances() if entry.lease}
    assert expiry["kept"] > 200_000
    assert expiry["newer"] < 60_000
    assert expiry["other"] < 60_000
    assert await store.renew("w1", {}, 300) == set()


async def test_a_renewed_lease_outlives_its_first_end(store: Store) -> None:
    instance_id = await create(store, "a")
    epoch = await lease(store, "a", instance_id, seconds=5)
    end = await store.now() + 5000
    assert await store.renew("w1", {"a": epoch}, 60) == set()

    async def past() -> bool:
        return await store.now() > end

    await reached(past, what="first end of the lease")
    assert (await store.apply("a", Change(instance_id=instance_id, held=Held("w1", epoch)))).verdict is Verdict.APPLIED


async def test_deleting_ends_the_lease_and_a_new_instance_starts_at_one(store: Store) -> None:
    former = await create(store, "a")
    await lease(store, "a", former)
    epoch = await lease(store, "a", former)
    await store.apply("a", Change(instance_id=former, held=Held("w1", epoch), delete=True))
    assert await store.renew("w1", {"a": epoch}, 60) == {"a"}
    assert await store.acquire("a", former, "w1", 60) is None
    current = await create(store, "a")
    assert await store.renew("w1", {"a": epoch}, 60) == {"a"}
    assert await lease(store, "a", current, "w2") == 1


async def test_abandoned_are_those_that_should_run_and_have_no_holder(store: Store) -> None:
    wanted = Live(since=1, wanted=True)
    ids = {name: await create(store, name, live=wanted) for name in ("free", "held", "short", "unwanted")}
    await create(store, "idle")
    await lease(store, "held", ids["held"])
    await lease(store, "short", ids["short"], seconds=SHORT)
    await store.apply("unwanted", Change(instance_id=ids["unwanted"], live=Live(since=2)))

    async def both() -> bool:
        return sorted(await store.abandoned()) == ["free", "short"]

    await reached(both, what="the free one and the one whose lease ran out")
    await store.apply("free", Change(instance_id=ids["free"], delete=True))
    await lease(store, "short", ids["short"])
    assert await store.abandoned() == []


async def test_the_epoch_of_another_owner_counts_for_nothing(store: Store) -> None:
    instance_id = await create(store, "a")
    epoch = await lease(store, "a", instance_id)
    other = Change(instance_id=instance_id, held=Held("w2", epoch), creds=b"2", events=(event(),))
    assert (await store.apply("a", other)).verdict is Verdict.FENCED
    assert await store.creds("a", instance_id) is None
    assert await store.renew("w2", {"a": epoch}, 60) == {"a"}


async def test_an_epoch_is_above_the_last_one_that_its_owner_had(store: Store) -> None:
    instance_id = await create(store, "a")
    assert await store.acquire("a", instance_id, "w1", 60, 6) == 7
    assert await store.acquire("a", instance_id, "w1", 60, 3) == 8
    assert await lease(store, "a", instance_id) == 9
    assert (await store.apply("a", Change(instance_id=instance_id, held=Held("w1", 9)))).verdict is Verdict.APPLIED
