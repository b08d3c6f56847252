"""Session material: credentials, Signal keys and the journal of received messages."""

import asyncio
from typing import Any

import pytest

from pombo_common.ports.changes import Change, JournalEntry, KeyEntry, Verdict
from pombo_common.ports.store import Store
from tests.contract.store.examples import EVERY_BYTE, create, event, new_id
from tests.contract.store.harness import StoreFactory

pytestmark = pytest.mark.asyncio


async def test_every_byte_survives(store: Store) -> None:
    instance_id = await create(store, "a")
    odd = "é:{x}\n\t ☂/0"
    await store.apply(
        "a",
        Change(
            instance_id=instance_id,
            creds=EVERY_BYTE,
            keys=(KeyEntry("pre-key", odd, EVERY_BYTE), KeyEntry("pre-key", "1", b"")),
            journal=JournalEntry(odd, EVERY_BYTE),
        ),
    )
    assert await store.creds("a", instance_id) == EVERY_BYTE
    assert await store.keys("a", instance_id, "pre-key", [odd, "1"]) == {odd: EVERY_BYTE, "1": b""}
    assert await store.journal("a", instance_id) == [JournalEntry(odd, EVERY_BYTE)]


async def test_keys_are_put_replaced_and_deleted(store: Store) -> None:
    instance_id = await create(store, "a", keys=(KeyEntry("session", "1", b"a"), KeyEntry("pre-key", "1", b"p")))
    keys = (KeyEntry("session", "1", b"b"), KeyEntry("session", "2", b"c"), KeyEntry("session", "3", None))
    await store.apply("a", Change(instance_id=instance_id, keys=keys))
    assert await store.keys("a", instance_id, "session", ["1", "2", "3"]) == {"1": b"b", "2": b"c"}
    await store.apply("a", Change(instance_id=instance_id, keys=(KeyEntry("session", "1", None),)))
    assert await store.keys("a", instance_id, "session", ["1", "2"]) == {"2": b"c"}
    assert await store.keys("a", instance_id, "pre-key", ["1"]) == {"1": b"p"}
    assert await store.keys("a", instance_id, "session", []) == {}
    assert await store.keys("a", instance_id, "nothing", ["1"]) == {}


async def test_the_last_of_several_entries_for_one_key_counts(store: Store) -> None:
    keys = (KeyEntry("s", "1", b"a"), KeyEntry("s", "1", None), KeyEntry("s", "2", None), KeyEntry("s", "2", b"b"))
    instance_id = await create(store, "a", keys=keys)
    assert await store.keys("a", instance_id, "s", ["1", "2"]) == {"2": b"b"}


async def test_many_keys_are_written_and_read_at_once(store: Store) -> None:
    keys = tuple(KeyEntry("pre-key", str(number), str(number).encode()) for number in range(2000))
    instance_id = await create(store, "a")
    assert (await store.apply("a", Change(instance_id=instance_id, keys=keys))).verdict is Verdict.APPLIED
    found = await store.keys("a", instance_id, "pre-key", [str(number) for number in range(1999, -2, -1)])
    assert found == {str(number): str(number).encode() for number in range(2000)}


async def test_forget_drops_all_of_it_before_the_change_writes_anew(store: Store) -> None:
    old: dict[str, Any] = {
        "creds": b"old",
        "keys": (KeyEntry("s", "1", b"old"),),
        "journal": JournalEntry("old", b"old"),
    }
    instance_id = await create(store, "a", **old)
    bystander = await create(store, "b", **old)
    new = Change(
        instance_id=instance_id, forget=True, keys=(KeyEntry("s", "2", b"new"),), journal=JournalEntry("new", b"new")
    )
    await store.apply("a", new)
    assert await store.creds("a", instance_id) is None
    assert await store.keys("a", instance_id, "s", ["1", "2"]) == {"2": b"new"}
    assert await store.journal("a", instance_id) == [JournalEntry("new", b"new")]
    await store.apply("a", Change(instance_id=instance_id, forget=True))
    assert await store.keys("a", instance_id, "s", ["1", "2"]) == {}
    assert await store.journal("a", instance_id) == []
    assert await store.instance("a") is not None
    assert await store.creds("b", bystander) == b"old"
    assert await store.keys("b", bystander, "s", ["1"]) == {"1": b"old"}


async def test_material_of_another_id_or_name_is_not_shown(store: Store) -> None:
    instance_id = await create(
        store, "a", creds=b"c", keys=(KeyEntry("s", "1", b"k"),), journal=JournalEntry("j", b"j")
    )
    for name, shown_to in (("a", new_id()), ("b", instance_id)):
        assert await store.creds(name, shown_to) is None
        assert await store.keys(name, shown_to, "s", ["1"]) == {}
        assert await store.journal(name, shown_to) == []


async def test_the_journal_keeps_the_order_of_writing(store: Store) -> None:
    instance_id = await create(store, "a")
    ids = [f"{(number * 7) % 30}" for number in range(30)]
    for entry in ids:
        await store.apply("a", Change(instance_id=instance_id, journal=JournalEntry(entry, b"")))
    await store.apply("a", Change(instance_id=instance_id, takes=ids[5]))
    assert [entry.id for entry in await store.journal("a", instance_id)] == ids[:5] + ids[6:]


async def test_a_message_that_is_journalled_twice_is_taken_once(store: Store) -> None:
    instance_id = await create(store, "a", journal=JournalEntry("j", b"1"))
    await store.apply("a", Change(instance_id=instance_id, journal=JournalEntry("j", b"2")))
    assert [entry.id for entry in await store.journal("a", instance_id)] == ["j"]
    takes = Change(instance_id=instance_id, takes="j")
    assert [(await store.apply("a", takes)).verdict for _ in range(2)] == [Verdict.APPLIED, Verdict.CONSUMED]


async def test_two_racing_consumers_make_one_event_of_each_entry(store_factory: StoreFactory) -> None:
    handles = [await store_factory.open(), await store_factory.open()]
    instance_id = await create(handles[0], "a")
    ids = [f"j{number}" for number in range(30)]
    for entry in ids:
        await handles[0].apply("a", Change(instance_id=instance_id, journal=JournalEntry(entry, b"")))

    async def consume(handle: Store, entry: str) -> Verdict:
        change = Change(instance_id=instance_id, takes=entry, events=(event(entry.encode()),))
        return (await handle.apply("a", change)).verdict

    verdicts = await asyncio.gather(*(consume(handle, entry) for entry in ids for handle in handles))
    assert sorted(verdicts) == 30 * [Verdict.APPLIED] + 30 * [Verdict.CONSUMED]
    log = await handles[1].events("a", instance_id, 0, 1000)
    assert sorted(entry.body.decode() for entry in log) == sorted(ids)
    assert await handles[1].journal("a", instance_id) == []
