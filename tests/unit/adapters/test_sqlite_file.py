"""The file: its version, its mode, and what happens when it is locked, broken, closed or full."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from pombo_common.adapters.sqlite import SqliteStore, schema
from pombo_common.ports.changes import Change, Verdict
from pombo_common.ports.store import StoreUnavailable
from tests.contract.store.examples import create, creation, events, new_id

pytestmark = pytest.mark.asyncio


def modes(folder: Path) -> dict[str, int]:
    """Return who may do what with each file of a folder."""
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


async def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 6}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match=rf"newer version of Pombo \(schema {schema.VERSION + 6}"):
        await SqliteStore(path).open()
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        await SqliteStore(path).open()
    assert path.read_bytes() == b"something else" * 100


async def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="missing"):
        await SqliteStore(tmp_path / "missing" / "store.sqlite").open()


async def test_only_its_owner_can_read_the_files(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a store #1?.sqlite")
    await store.open()
    await create(store, "a")
    assert list(modes(tmp_path).values()) == [0o600] * 3
    await store.close()
    assert modes(tmp_path) == {"a store #1?.sqlite": 0o600}


async def test_it_is_durable_and_checked(tmp_path: Path) -> None:
    connection = schema.connect_writer(tmp_path / "store.sqlite")
    pragmas = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "user_version")
    }
    connection.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "user_version": schema.VERSION}


async def test_many_handles_open_a_new_file_at_once(tmp_path: Path) -> None:
    stores = [SqliteStore(tmp_path / "store.sqlite") for _ in range(8)]
    await asyncio.gather(*(store.open() for store in stores))
    await create(stores[0], "a")
    assert [len(await store.instances()) for store in stores] == [1] * 8
    await asyncio.gather(*(store.close() for store in stores))


async def test_before_open_and_after_close_it_is_unavailable(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await store.now()
        with pytest.raises(StoreUnavailable):
            await store.apply("a", creation("a", new_id()))
        await store.open()
        await store.open()
        await store.close()
        await store.close()


async def test_close_finishes_what_was_asked_for(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    await store.open()
    writes = [asyncio.create_task(store.apply(f"n{n}", creation(f"n{n}", new_id()))) for n in range(100)]
    await asyncio.sleep(0)
    await store.close()
    assert {applied.verdict for applied in await asyncio.gather(*writes)} == {Verdict.APPLIED}
    await store.open()
    assert len(await store.instances()) == 100
    await store.close()


async def test_while_another_process_holds_the_lock_it_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    store = SqliteStore(tmp_path / "store.sqlite")
    await store.open()
    instance_id = await create(store, "a")
    other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        await store.apply("a", Change(instance_id=instance_id, creds=b"c"))
    assert await store.creds("a", instance_id) is None
    other.execute("ROLLBACK")
    other.close()
    assert (await store.apply("a", Change(instance_id=instance_id, creds=b"d"))).verdict is Verdict.APPLIED
    await store.close()


async def test_a_full_disk_refuses_the_write_that_is_too_big_and_keeps_the_rest(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    await store.open()
    instance_id = await create(store, "a", events=events(3))
    writer = store._writer  # noqa: SLF001 - the limit can only be set on the writing connection
    await writer.run(lambda db, _: db.execute("PRAGMA max_page_count = 60").fetchone())
    huge = Change(instance_id=instance_id, creds=bytes(10_000_000), events=events(1))
    with pytest.raises(StoreUnavailable, match="full"):
        await store.apply("a", huge)
    assert await store.creds("a", instance_id) is None
    assert len(await store.events("a", instance_id, 0, 10)) == 3
    small = Change(instance_id=instance_id, creds=b"c", events=events(1))
    assert (await store.apply("a", small)).verdict is Verdict.APPLIED
    assert [entry.seq for entry in await store.events("a", instance_id, 0, 10)] == [1, 2, 3, 4]
    await store.close()
