"""Command records: how a command starts, and how it does not."""

import asyncio

import msgspec
import pytest

from pombo_common.ports.changes import Attempt
from pombo_common.ports.records import CommandRecord
from pombo_common.ports.store import Store
from tests.contract.store.examples import EVERY_BYTE, attempt, command, opened
from tests.contract.store.harness import StoreFactory
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


async def test_a_command_is_opened_once(store: Store) -> None:
    assert await store.command("a", "c1") is None
    before = await store.now()
    first = await store.open_command("a", "c1", "f", 60)
    assert before + 60_000 <= first.not_after <= await store.now() + 60_000
    assert first == CommandRecord(id="c1", fingerprint="f", not_after=first.not_after)
    assert await store.open_command("a", "c1", "g", 70) == first
    assert await store.command("a", "c1") == first


async def test_the_same_id_is_another_command_for_another_instance(store: Store) -> None:
    await opened(store, "a")
    assert await store.command("b", "c1") is None
    assert await store.command("a", "c2") is None
    start = await store.start_command("b", await command(store, body="other"), "t")
    assert start.verdict == "started"


async def test_a_command_starts_with_and_without_a_kept_record(store: Store) -> None:
    kept = await opened(store, "a")
    for command_id in ("c1", "c2"):
        start = await store.start_command("a", await command(store, command_id), "t")
        assert (start.verdict, start.record.state, start.record.outcome) == ("started", "started", None)
        assert start.resumed is None
        assert await store.command("a", command_id) == start.record
    kept_now = await store.command("a", "c1")
    assert kept_now == msgspec.structs.replace(kept, state="started")
    assert await opened(store, "a") == kept_now


async def test_the_same_id_with_another_body_is_a_conflict_in_every_state(store: Store) -> None:
    other = await command(store, body="other")
    await opened(store, "a")
    for state in ("pending", "started", "finished"):
        start = await store.start_command("a", other, "t2")
        assert (start.verdict, start.record.state, start.record.fingerprint) == ("conflict", state, "f")
        assert await store.command("a", "c1") == start.record
        if state == "pending":
            await attempt(store, "a")
        else:
            await store.finish_command("a", Attempt("c1", "try-1"), b"o")
    await opened(store, "a", "c2")
    await store.cancel_command("a", "c2")
    assert (await store.start_command("a", await command(store, "c2", body="other"), "t")).verdict == "conflict"


async def test_the_same_body_under_another_key_is_no_conflict(store: Store) -> None:
    await opened(store, "a", body="by the old key")
    mine = await command(store, body="by the new key")
    also = ["by a third key"]
    for others in ([], also):
        assert (await store.start_command("a", mine, "t", also=others)).verdict == "conflict"
    also.append("by the old key")
    start = await store.start_command("a", mine, "t", also=also)
    assert (start.verdict, start.resumed) == ("started", None)
    # It keeps the fingerprint that it began with.
    assert start.record.fingerprint == "by the old key"
    assert await store.finish_command("a", Attempt("c1", "t"), b"o")
    assert (await store.start_command("a", mine, "t", also=also)).verdict == "finished"
    assert (await store.start_command("a", await command(store, "c2"), "t", also=also)).record.fingerprint == "f"


async def test_past_its_time_a_command_becomes_cancelled(store: Store) -> None:
    late = await command(store, "late", seconds=-1)
    start = await store.start_command("a", late, "t")
    assert (start.verdict, start.record.state) == ("cancelled", "cancelled")
    assert await store.command("a", "late") == start.record
    await opened(store, "a", "kept", seconds=-1)
    # What counts is the kept time, not the one that a second message brings along.
    start = await store.start_command("a", await command(store, "kept"), "t")
    assert (start.verdict, start.record.state) == ("cancelled", "cancelled")
    assert not await store.finish_command("a", Attempt("kept", "t"), b"o")


async def test_what_started_in_time_may_be_started_again_after_its_time(store: Store) -> None:
    soon = await command(store, "c", seconds=5)
    assert (await store.start_command("a", soon, "try-1")).verdict == "started"

    async def late() -> bool:
        return await store.now() > soon.not_after

    await eventually(late, what="the command's time to pass")
    start = await store.start_command("a", soon, "try-2")
    assert (start.verdict, start.record.state, start.resumed) == ("started", "started", "try-1")
    assert not await store.finish_command("a", Attempt("c", "try-1"), b"o")
    assert await store.finish_command("a", Attempt("c", "try-2"), b"o")


async def test_a_cancelled_command_never_starts(store: Store) -> None:
    record = await opened(store, "a")
    cancelled = msgspec.structs.replace(record, state="cancelled")
    assert await store.cancel_command("a", "c1") == cancelled
    assert await store.cancel_command("a", "c1") == cancelled
    start = await store.start_command("a", record, "t")
    assert (start.verdict, start.record) == ("cancelled", cancelled)
    assert not await store.finish_command("a", Attempt("c1", "t"), b"o")
    assert await opened(store, "a") == cancelled


async def test_what_started_is_not_cancelled(store: Store) -> None:
    assert await store.cancel_command("a", "c1") is None
    assert await store.command("a", "c1") is None
    mine = await attempt(store, "a")
    record = await store.cancel_command("a", "c1")
    assert record is not None
    assert record.state == "started"
    assert await store.finish_command("a", mine, EVERY_BYTE)
    record = await store.cancel_command("a", "c1")
    assert record is not None
    assert (record.state, record.outcome) == ("finished", EVERY_BYTE)


async def test_starting_and_giving_up_race_to_one_answer(store_factory: StoreFactory) -> None:
    handles = [await store_factory.open(), await store_factory.open()]
    for number in range(30):
        record = await opened(handles[0], "a", f"c{number}")
        start, given_up = await asyncio.gather(
            handles[number % 2].start_command("a", record, "t"),
            handles[(number + 1) % 2].cancel_command("a", record.id),
        )
        assert given_up is not None
        assert (start.verdict, given_up.state) in (("started", "started"), ("cancelled", "cancelled"))
