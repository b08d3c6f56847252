"""Outcomes of commands: one effect, recorded in the effect's own step, by the latest try alone."""

import asyncio

import pytest

from pombo_common.ports.changes import Attempt, Change, Verdict
from pombo_common.ports.store import Store
from tests.contract.store.examples import EVERY_BYTE, attempt, command, create, creation, event, new_id, opened
from tests.contract.store.harness import StoreFactory

pytestmark = pytest.mark.asyncio


async def test_effect_and_outcome_are_one_step(store: Store) -> None:
    mine = await attempt(store, "a")
    instance_id = new_id()
    applied = await store.apply("a", creation("a", instance_id, attempt=mine, outcome=EVERY_BYTE))
    assert applied.verdict is Verdict.APPLIED
    record = await store.command("a", "c1")
    assert record is not None
    assert (record.state, record.outcome) == ("finished", EVERY_BYTE)
    again = await store.start_command("a", await command(store), "try-2")
    assert (again.verdict, again.record) == ("finished", record)


async def test_an_outcome_of_nothing_is_an_outcome(store: Store) -> None:
    mine = await attempt(store, "a")
    assert await store.finish_command("a", mine, b"")
    record = await store.command("a", "c1")
    assert record is not None
    assert (record.state, record.outcome) == ("finished", b"")


async def test_an_effect_without_outcome_leaves_the_command_started(store: Store) -> None:
    instance_id = await create(store, "a")
    mine = await attempt(store, "a")
    change = Change(instance_id=instance_id, attempt=mine, events=(event(),))
    for _ in range(2):
        assert (await store.apply("a", change)).verdict is Verdict.APPLIED
    record = await store.command("a", "c1")
    assert record is not None
    assert record.state == "started"
    assert await store.finish_command("a", mine, b"o")
    assert (await store.apply("a", change)).verdict is Verdict.SUPERSEDED
    assert len(await store.events("a", instance_id, 0, 10)) == 2


async def test_a_superseded_try_can_neither_apply_nor_finish(store: Store) -> None:
    instance_id = await create(store, "a")
    first = await attempt(store, "a", token="try-1")
    second = await attempt(store, "a", token="try-2")
    effect = Change(instance_id=instance_id, attempt=first, events=(event(),), outcome=b"first")
    assert (await store.apply("a", effect)).verdict is Verdict.SUPERSEDED
    assert not await store.finish_command("a", first, b"first")
    assert list(await store.events("a", instance_id, 0, 10)) == []
    effect = Change(instance_id=instance_id, attempt=second, events=(event(),), outcome=b"second")
    assert (await store.apply("a", effect)).verdict is Verdict.APPLIED
    assert (await store.apply("a", effect)).verdict is Verdict.SUPERSEDED
    assert not await store.finish_command("a", second, b"again")
    record = await store.command("a", "c1")
    assert record is not None
    assert record.outcome == b"second"
    assert len(await store.events("a", instance_id, 0, 10)) == 1


async def test_a_try_that_never_started_finishes_nothing(store: Store) -> None:
    await opened(store, "a")
    assert not await store.finish_command("a", Attempt("c1", "try-1"), b"o")
    assert not await store.finish_command("a", Attempt("c2", "try-1"), b"o")
    assert not await store.finish_command("b", Attempt("c1", "try-1"), b"o")
    record = await store.command("a", "c1")
    assert record is not None
    assert record.state == "pending"


async def test_racing_tries_have_one_effect(store_factory: StoreFactory) -> None:
    handles = [await store_factory.open(), await store_factory.open()]
    instance_id = await create(handles[0], "a")
    record = await command(handles[0])

    async def work(number: int) -> Verdict | None:
        handle, token = handles[number % 2], f"try-{number}"
        if (await handle.start_command("a", record, token)).verdict != "started":
            return None
        outcome = token.encode()
        change = Change(
            instance_id=instance_id, attempt=Attempt("c1", token), events=(event(outcome),), outcome=outcome
        )
        return (await handle.apply("a", change)).verdict

    verdicts = await asyncio.gather(*(work(number) for number in range(30)))
    assert verdicts.count(Verdict.APPLIED) == 1
    assert set(verdicts) <= {Verdict.APPLIED, Verdict.SUPERSEDED, None}
    (entry,) = await handles[1].events("a", instance_id, 0, 10)
    kept = await handles[1].command("a", "c1")
    assert kept is not None
    assert (kept.state, kept.outcome) == ("finished", entry.body)


async def test_a_record_outlives_its_instance(store: Store) -> None:
    instance_id = await create(store, "a")
    mine = await attempt(store, "a")
    change = Change(instance_id=instance_id, attempt=mine, delete=True, outcome=b"gone")
    assert (await store.apply("a", change)).verdict is Verdict.APPLIED
    record = await store.command("a", "c1")
    assert record is not None
    assert (record.state, record.outcome) == ("finished", b"gone")
