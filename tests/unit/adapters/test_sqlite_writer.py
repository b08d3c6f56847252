"""The writer: commits in groups, keeps operations apart, and survives failures and cancelled callers."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pombo_common.adapters.sqlite import writer
from pombo_common.adapters.sqlite.writer import Writer
from pombo_common.ports.store import StoreUnavailable
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

DEADLINE = 10


class Bench:
    """A writer on a table of numbers, with what SQLite was told to do."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.statements: list[str] = []
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY) STRICT")
        connection.execute("PRAGMA foreign_keys = ON")
        # What is owed is looked at in the commit, which so can be made to fail.
        connection.execute("CREATE TABLE debts (number INTEGER REFERENCES numbers DEFERRABLE INITIALLY DEFERRED)")
        connection.set_trace_callback(self.statements.append)
        self.connection = connection
        self.writer = Writer(connection, lambda: 7)
        self._gate = threading.Event()

    async def add(self, number: int) -> int:
        """Insert a number."""
        return await self.writer.run(lambda db, _: insert(db, number))

    async def hold(self) -> asyncio.Task[bool]:
        """Keep the writer busy, in a transaction of its own, until `go_on`."""
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wait(_db: sqlite3.Connection, _now: int) -> bool:
            loop.call_soon_threadsafe(begun.set)
            return self._gate.wait(DEADLINE)

        task = asyncio.create_task(self.writer.run(wait))
        await begun.wait()
        return task

    def go_on(self) -> None:
        """End `hold`."""
        self._gate.set()

    def numbers(self) -> list[int]:
        """Read what is committed."""
        connection = sqlite3.connect(self.path)
        try:
            return [row[0] for row in connection.execute("SELECT number FROM numbers ORDER BY number")]
        finally:
            connection.close()


def insert(connection: sqlite3.Connection, number: int) -> int:
    """Insert a number, with a second one beside it that a failure must take along."""
    connection.execute("INSERT INTO numbers VALUES (?)", (1000 + number,))
    connection.execute("INSERT INTO numbers VALUES (?)", (number,))
    return number


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "numbers.sqlite")
    yield made
    made.go_on()
    made.writer.close()


async def queued(bench: Bench, numbers: range) -> list[asyncio.Task[int]]:
    """Queue inserts behind an operation that holds the writer up, then let it go on."""
    held = await bench.hold()
    tasks = [asyncio.create_task(bench.add(number)) for number in numbers]
    # One turn of the loop starts every task, and so queues every operation.
    await asyncio.sleep(0)
    bench.go_on()
    await held
    return tasks


async def test_what_was_queued_during_a_commit_shares_the_next_one(bench: Bench) -> None:
    tasks = await queued(bench, range(100))
    assert await asyncio.gather(*tasks) == list(range(100))
    assert bench.statements.count("COMMIT") <= 2
    assert len(bench.numbers()) == 200


async def test_one_failure_is_its_callers_alone_and_leaves_nothing(bench: Bench) -> None:
    await bench.add(5)
    tasks = await queued(bench, range(10))
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results.pop(5), StoreUnavailable)
    assert results == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert bench.numbers() == [*range(10), *range(1000, 1010)]


async def test_an_error_of_the_operation_itself_reaches_its_caller_as_it_is(bench: Bench) -> None:
    def fail(connection: sqlite3.Connection, now: int) -> None:
        insert(connection, now)
        raise ValueError("of the caller")

    with pytest.raises(ValueError, match="of the caller"):
        await bench.writer.run(fail)
    assert bench.numbers() == []
    assert await bench.add(1) == 1


async def test_nobody_hears_before_the_commit(bench: Bench) -> None:
    seen: list[list[int]] = []
    await bench.writer.run(lambda db, _: insert(db, 1), lambda _: seen.append(bench.numbers()))
    assert seen == [[1, 1001]]


async def test_who_need_not_wait_for_the_disk_hears_at_once_and_shares_the_next_commit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "COMPANY_SECONDS", DEADLINE)
    assert await bench.writer.run(lambda db, _: insert(db, 1), early=True) == 1
    assert bench.numbers() == []
    assert await bench.add(2) == 2
    assert bench.statements.count("COMMIT") == 1
    assert bench.numbers() == [1, 2, 1001, 1002]


async def test_what_nothing_follows_is_committed_by_itself(bench: Bench) -> None:
    await bench.writer.run(lambda db, _: insert(db, 1), early=True)
    await eventually(lambda: bench.numbers() == [1, 1001], what="it is on the disk")


async def test_closing_does_not_wait_for_company(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "COMPANY_SECONDS", 6 * DEADLINE)
    await bench.writer.run(lambda db, _: insert(db, 1), early=True)
    async with asyncio.timeout(3 * DEADLINE):
        await asyncio.to_thread(bench.writer.close)
    assert bench.numbers() == [1, 1001]


async def test_an_operation_that_costs_the_transaction_does_not_hurt_its_neighbours(bench: Bench) -> None:
    def break_transaction(connection: sqlite3.Connection, _now: int) -> None:
        # As SQLite itself does on a full disk or an I/O error: the whole transaction is gone.
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    held = await bench.hold()
    tasks = [
        asyncio.create_task(bench.add(1)),
        asyncio.create_task(bench.writer.run(break_transaction)),
        asyncio.create_task(bench.add(2)),
    ]
    await asyncio.sleep(0)
    bench.go_on()
    first, broken, second, _ = await asyncio.gather(*tasks, held, return_exceptions=True)
    assert (first, second) == (1, 2)
    assert isinstance(broken, StoreUnavailable)
    assert "full" in str(broken)
    assert bench.numbers() == [1, 2, 1001, 1002]


async def test_a_failed_commit_fails_everyone_in_it_and_the_next_succeeds(bench: Bench) -> None:
    def owe(connection: sqlite3.Connection, _now: int) -> None:
        connection.execute("INSERT INTO debts VALUES (77)")

    held = await bench.hold()
    tasks: list[asyncio.Task[int] | asyncio.Task[None]] = [
        asyncio.create_task(bench.add(2)),
        asyncio.create_task(bench.writer.run(owe)),
    ]
    await asyncio.sleep(0)
    bench.go_on()
    await held
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [StoreUnavailable, StoreUnavailable]
    assert bench.numbers() == []
    assert await bench.add(3) == 3
    assert bench.numbers() == [3, 1003]


async def test_a_cancelled_caller_disturbs_nobody_and_its_write_stands(bench: Bench) -> None:
    held = await bench.hold()
    cancelled = asyncio.create_task(bench.add(1))
    other = asyncio.create_task(bench.add(2))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.sleep(0)
    bench.go_on()
    await held
    assert await other == 2
    assert cancelled.cancelled()
    assert bench.numbers() == [1, 2, 1001, 1002]


async def test_closing_finishes_what_was_asked_for_and_refuses_the_rest(bench: Bench) -> None:
    tasks = await queued(bench, range(20))
    await asyncio.to_thread(bench.writer.close)
    assert await asyncio.gather(*tasks) == list(range(20))
    assert len(bench.numbers()) == 40
    with pytest.raises(StoreUnavailable):
        await bench.add(99)


async def test_a_caller_whose_loop_has_ended_does_not_stop_the_writer(bench: Bench) -> None:
    def ask_and_leave() -> None:
        async def ask() -> None:
            task = asyncio.create_task(bench.add(1))
            await asyncio.sleep(0)
            task.cancel()

        asyncio.run(ask())

    held = await bench.hold()
    await asyncio.to_thread(ask_and_leave)
    bench.go_on()
    await held
    assert await bench.add(2) == 2
    assert bench.numbers() == [1, 2, 1001, 1002]
