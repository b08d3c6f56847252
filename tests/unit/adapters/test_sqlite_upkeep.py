"""What outlives its time is not shown any more, and its space is given back by ordinary writes."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.adapters.sqlite.upkeep import COMMANDS, INTERVAL_MS
from pombo_common.ports.changes import Change
from pombo_common.ports.records import COMMAND_MS, LEGACY_MS
from tests.contract.store.examples import attempt, claimed, command, create, destination, events, settlement

pytestmark = pytest.mark.asyncio


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        """Return what was set."""
        return self.now


class Timed:
    """A store on that clock."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.path = path
        self.store = SqliteStore(path, clock=self.clock)

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        connection = sqlite3.connect(self.path)
        try:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - from the test
        finally:
            connection.close()


@pytest_asyncio.fixture
async def timed(tmp_path: Path) -> AsyncIterator[Timed]:
    made = Timed(tmp_path / "store.sqlite")
    await made.store.open()
    yield made
    await made.store.close()


async def test_a_command_record_lives_for_24_hours_from_its_outcome(timed: Timed) -> None:
    mine = await attempt(timed.store, "a")
    timed.clock.now += 50_000
    assert await timed.store.finish_command("a", mine, b"o")
    timed.clock.now += COMMAND_MS - 1
    kept = await timed.store.command("a", "c1")
    assert kept is not None
    assert kept.outcome == b"o"
    timed.clock.now += 1
    assert await timed.store.command("a", "c1") is None
    assert timed.count("commands") == 1
    # The same id may be used again, even before the old record is removed.
    assert (await timed.store.start_command("a", await command(timed.store, body="new"), "t")).verdict == "started"


async def test_old_records_are_removed_by_ordinary_writes(timed: Timed) -> None:
    for number in range(5):
        await attempt(timed.store, "a", f"c{number}")
    timed.clock.now += COMMAND_MS
    await attempt(timed.store, "a", "new")
    assert timed.count("commands") == 1


async def test_removal_goes_on_until_all_is_gone_and_then_pauses(timed: Timed) -> None:
    rows = [("n", f"c{number}", "f", 0, "pending", 1) for number in range(COMMANDS + 1)]
    connection = sqlite3.connect(timed.path)
    with connection:
        connection.executemany(
            "INSERT INTO commands (name, id, fingerprint, not_after, state, expires_at) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
    for left in (1, 0):
        await timed.store.cancel_command("a", "nothing")
        assert timed.count("commands") == left
    with connection:
        connection.execute(
            "INSERT INTO commands (name, id, fingerprint, not_after, state, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
            rows[0],
        )
    connection.close()
    for step, left in ((INTERVAL_MS - 1, 1), (1, 0)):
        timed.clock.now += step
        await timed.store.cancel_command("a", "nothing")
        assert timed.count("commands") == left


async def test_a_deleted_instances_log_lives_for_72_hours(timed: Timed) -> None:
    instance_id = await create(timed.store, "a", destinations=(destination(),), events=events(3))
    await timed.store.apply("a", Change(instance_id=instance_id, delete=True))
    timed.clock.now += LEGACY_MS - 1
    assert len(await timed.store.due()) == 1
    await claimed(timed.store, "a", instance_id)
    assert await timed.store.settle("a", instance_id, settlement("k1", 1))
    timed.clock.now += 1
    assert await timed.store.due() == []
    assert await timed.store.claim("a", instance_id, "webhook", "k2", 60) is None
    assert list(await timed.store.events("a", instance_id, 0, 10)) == []
    timed.clock.now += INTERVAL_MS
    await create(timed.store, "b")
    assert [timed.count(table) for table in ("logs", "events", "destinations")] == [1, 0, 0]


async def test_a_live_instances_log_stays(timed: Timed) -> None:
    instance_id = await create(timed.store, "a", destinations=(destination(),), events=events(3))
    timed.clock.now += 10 * LEGACY_MS
    await create(timed.store, "b")
    assert len(await timed.store.events("a", instance_id, 0, 10)) == 3
    assert len(await timed.store.due()) == 1
