"""Guards: every verdict, their order, and that a refused change leaves nothing behind."""

from typing import Any

import pytest

from pombo_common.model.instance import Live
from pombo_common.ports.changes import Attempt, Change, Held, JournalEntry, KeyEntry, Verdict
from pombo_common.ports.store import Store
from tests.contract.store.examples import attempt, create, creation, destination, event, lease, new_id, record, snapshot

pytestmark = pytest.mark.asyncio


def everything(instance_id: str, /, **guards: Any) -> Change:  # noqa: ANN401 - the members of Change
    """Make a change that writes all there is to write, under these guards."""
    members: dict[str, Any] = {
        "instance_id": instance_id,
        "instance": record("a", instance_id, version=2, token="other"),
        "live": Live(since=99, wanted=True),
        "creds": b"new",
        "keys": (KeyEntry("session", "a", b"new"), KeyEntry("session", "b", None)),
        "journal": JournalEntry("new", b"new"),
        "destinations": (destination(), destination("sqs")),
        "events": (event(), event()),
        "outcome": b"outcome",
    }
    return Change(**(members | guards))


async def test_guards_are_checked_in_their_order_and_refusals_leave_nothing(store: Store) -> None:
    instance_id = await create(
        store, "a", creds=b"old", keys=(KeyEntry("session", "b", b"old"),), destinations=(destination("rabbitmq"),)
    )
    guards: dict[str, Any] = {
        "instance_id": new_id(),
        "attempt": Attempt("c1", "try-1"),
        "held": Held("w1", 1),
        "version": 7,
        "takes": "j1",
    }

    async def refused(verdict: Verdict) -> None:
        before = await snapshot(store, "a", instance_id)
        applied = await store.apply("a", everything(instance_id, **guards))
        assert (applied.verdict, applied.due) == (verdict, ())
        assert await snapshot(store, "a", instance_id) == before

    await refused(Verdict.SUPERSEDED)
    await attempt(store, "a")
    await refused(Verdict.GONE)
    guards["instance_id"] = instance_id
    await refused(Verdict.FENCED)
    await lease(store, "a", instance_id)
    await refused(Verdict.OUTDATED)
    guards["version"] = 1
    await refused(Verdict.CONSUMED)
    await store.apply("a", Change(instance_id=instance_id, journal=JournalEntry("j1", b"m")))
    applied = await store.apply("a", everything(instance_id, **guards))
    assert applied.verdict is Verdict.APPLIED
    assert set(applied.due) == {"rabbitmq", "sqs", "webhook"}
    assert await store.journal("a", instance_id) == [JournalEntry("new", b"new")]
    kept = await store.command("a", "c1")
    assert kept is not None
    assert (kept.state, kept.outcome) == ("finished", b"outcome")


async def test_a_create_is_superseded_before_it_is_taken(store: Store) -> None:
    instance_id = await create(store, "a")
    before = await snapshot(store, "a", instance_id)
    tries = creation("a", new_id(), attempt=Attempt("c1", "try-1"), outcome=b"o")
    assert (await store.apply("a", tries)).verdict is Verdict.SUPERSEDED
    await attempt(store, "a")
    assert (await store.apply("a", tries)).verdict is Verdict.TAKEN
    kept = await store.command("a", "c1")
    assert kept is not None
    assert kept.state == "started"
    assert (await snapshot(store, "a", instance_id))[:-1] == before[:-1]


async def test_no_instance_is_gone(store: Store) -> None:
    assert (await store.apply("a", everything(new_id()))).verdict is Verdict.GONE
    assert await store.instances() == []
    assert await store.due() == []


async def test_the_id_of_a_former_instance_is_gone(store: Store) -> None:
    former = await create(store, "a")
    assert (await store.apply("a", Change(instance_id=former, delete=True))).verdict is Verdict.APPLIED
    current = await create(store, "a")
    before = await snapshot(store, "a", current)
    for change in (everything(former), Change(instance_id=former, delete=True)):
        assert (await store.apply("a", change)).verdict is Verdict.GONE
    assert await store.acquire("a", former, "w1", 60) is None
    assert await snapshot(store, "a", current) == before


async def test_an_older_and_a_newer_version_are_outdated(store: Store) -> None:
    instance_id = await create(store, "a")
    for version in (0, 2):
        assert (await store.apply("a", everything(instance_id, version=version))).verdict is Verdict.OUTDATED
    assert (await store.apply("a", everything(instance_id, version=1))).verdict is Verdict.APPLIED
    assert (await store.apply("a", everything(instance_id, version=1))).verdict is Verdict.OUTDATED


async def test_a_configuration_write_needs_no_lease_and_carries_the_last_epoch(store: Store) -> None:
    instance_id = await create(store, "a", events=(event(),))
    epoch = await lease(store, "a", instance_id)
    await store.apply("a", Change(instance_id=instance_id, events=(event(),)))
    await store.release("a", instance_id, Held("w1", epoch))
    await store.apply("a", Change(instance_id=instance_id, events=(event(),)))
    await lease(store, "a", instance_id)
    await store.apply("a", Change(instance_id=instance_id, events=(event(),)))
    assert [entry.epoch for entry in await store.events("a", instance_id, 0, 10)] == [0, 1, 1, 2]
