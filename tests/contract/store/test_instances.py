"""Instances: claiming a name, reading one and all of them, finding them by token."""

import asyncio

import msgspec
import pytest

from pombo_common.model.instance import Live, QrCode
from pombo_common.ports.changes import Change, Verdict
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import Store
from tests.contract.store.examples import create, creation, event, new_id, record
from tests.contract.store.harness import StoreFactory

pytestmark = pytest.mark.asyncio


async def test_what_was_created_is_read_back_whole(store: Store) -> None:
    live = Live(since=5, wanted=True, qr=QrCode(code="2@é,=", count=1, expires_at=9), profile_name="Zoë 🕊", reason="x")
    instance_id = await create(store, "a", live=live)
    assert await store.instance("a") == StoredInstance(instance=record("a", instance_id), live=live, lease=None)


async def test_nothing_is_read_where_nothing_is(store: Store) -> None:
    assert await store.instance("nobody") is None
    assert await store.instances() == []
    assert await store.names_by_token(["t"]) == []
    assert await store.names_by_token([]) == []
    assert await store.abandoned() == []
    assert await store.due() == []


async def test_of_fifty_creates_of_one_name_one_wins(store_factory: StoreFactory) -> None:
    handles = [await store_factory.open(), await store_factory.open()]
    ids = [new_id() for _ in range(50)]
    tries = [
        handles[number % 2].apply("a", creation("a", instance_id, events=(event(instance_id.encode()),)))
        for number, instance_id in enumerate(ids)
    ]
    verdicts = [applied.verdict for applied in await asyncio.gather(*tries)]
    assert sorted(verdicts) == [Verdict.APPLIED] + 49 * [Verdict.TAKEN]
    winner = ids[verdicts.index(Verdict.APPLIED)]
    stored = await handles[0].instance("a")
    assert stored is not None
    assert stored.instance.id == winner
    for instance_id in ids:
        logged = await handles[1].events("a", instance_id, 0, 10)
        assert [entry.body for entry in logged] == ([winner.encode()] if instance_id == winner else [])


async def test_names_differ_by_case_and_by_every_odd_character(store: Store) -> None:
    names = ["a b.c@d+e-f", "A b.c@d+e-f", "a", "a ", "a.b", "a:b", "a_b", "0", "a{b}c", "x" * 100, "*", "é"]
    ids = {name: await create(store, name, creds=name.encode()) for name in names}
    for name, instance_id in ids.items():
        stored = await store.instance(name)
        assert stored is not None
        assert (stored.instance.name, stored.instance.id) == (name, instance_id)
        assert await store.creds(name, instance_id) == name.encode()
    assert sorted(stored.instance.name for stored in await store.instances()) == sorted(names)


async def test_a_thousand_instances_are_listed_in_order(store: Store) -> None:
    async def make(number: int) -> None:
        name, instance_id = f"n{number:04}", new_id()
        # Two of each time of creation, so that the name decides between them; the newest are made first.
        made = record(name, instance_id, created_at=10_000 - number // 2, token=f"t{number % 3}")
        await store.apply(name, creation(name, instance_id, instance=made))

    await asyncio.gather(*(make(number) for number in range(1000)))
    listed = [(stored.instance.created_at, stored.instance.name) for stored in await store.instances()]
    assert len(listed) == 1000
    assert listed == sorted(listed)
    by_token = await store.names_by_token(["t2", "none", "t0"])
    assert by_token == [name for _, name in listed if int(name[1:]) % 3 != 1]


async def test_a_record_and_a_live_state_are_replaced_apart(store: Store) -> None:
    instance_id = await create(store, "a")
    changed = record("a", instance_id, version=2, token="new")
    assert (await store.apply("a", Change(instance_id=instance_id, instance=changed))).verdict is Verdict.APPLIED
    live = Live(since=7, state="open", phase="open", paired=True)
    assert (await store.apply("a", Change(instance_id=instance_id, live=live))).verdict is Verdict.APPLIED
    assert await store.instance("a") == StoredInstance(instance=changed, live=live, lease=None)
    assert await store.names_by_token(["t"]) == []
    assert await store.names_by_token(["new"]) == ["a"]


async def test_a_version_guard_lets_one_of_many_writers_through(store: Store) -> None:
    instance_id = await create(store, "a")
    base = record("a", instance_id)
    changes = [
        Change(
            instance_id=instance_id,
            version=1,
            instance=msgspec.structs.replace(base, version=2, number=str(number)),
            events=(event(),),
        )
        for number in range(20)
    ]
    verdicts = [applied.verdict for applied in await asyncio.gather(*(store.apply("a", change) for change in changes))]
    assert sorted(verdicts) == [Verdict.APPLIED] + 19 * [Verdict.OUTDATED]
    stored = await store.instance("a")
    assert stored is not None
    assert stored.instance.number == str(verdicts.index(Verdict.APPLIED))
    assert len(await store.events("a", instance_id, 0, 100)) == 1


async def test_handles_see_each_other_and_outlive_each_other(store_factory: StoreFactory) -> None:
    first, second = await store_factory.open(), await store_factory.open()
    instance_id = await create(first, "a", creds=b"c")
    assert await second.creds("a", instance_id) == b"c"
    await first.close()
    assert (await second.apply("a", Change(instance_id=instance_id, creds=b"d"))).verdict is Verdict.APPLIED
    third = await store_factory.open()
    assert await third.creds("a", instance_id) == b"d"
    await third.open()
    assert await third.creds("a", instance_id) == b"d"


async def test_the_clock_goes_on_in_milliseconds(store: Store) -> None:
    first = await store.now()
    assert 1_600_000_000_000 < first < 5_000_000_000_000
    assert first <= await store.now()
