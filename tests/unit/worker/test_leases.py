"""Leases: kept alive in bulk, lost without harm to the others, and taken over when nobody has them."""

import asyncio
from collections.abc import Mapping

import pytest

from pombo_common.ports.store import StoreUnavailable
from pombo_worker.sessions.leases import LeaseKeeper
from tests.support.waiting import eventually
from tests.unit.worker.world import LEASE_SECONDS, World
from tests.unit.worker.world_building import adopter, running

pytestmark = pytest.mark.asyncio

ROUND_SECONDS = 0.06
"""A lease of the keepers under test: they look every third of it. The store's clock stands, so none runs out."""


def keeper(world: World) -> LeaseKeeper:
    """Make a keeper of the world's sessions."""
    return LeaseKeeper(world.store, world.sessions, ROUND_SECONDS)


async def test_leases_are_renewed_and_the_hosts_are_told_of_less_than_was_gained(world: World) -> None:
    await world.start(await world.create(paired=True, wanted=True))
    connection = await world.engine.dialled(1)
    async with running(keeper(world)):
        await eventually(lambda: len(connection.renewals) >= 3, what="three renewals")
    assert max(connection.renewals) <= ROUND_SECONDS * 2 / 3
    assert connection.live


async def test_a_lost_lease_ends_its_session_and_no_other(world: World) -> None:
    for number, name in enumerate(("lost", "kept"), start=1):
        await world.start(await world.create(name, paired=True, wanted=True))
        await world.engine.dialled(number)
    lost, kept = world.engine.connections
    stored = await world.stored("lost")
    assert stored.lease is not None
    await world.store.release("lost", stored.instance.id, stored.lease.held)
    await world.lease(stored, "worker-2")
    async with running(keeper(world)):
        await world.gone("lost")
        renewals = len(kept.renewals)
        await eventually(lambda: len(kept.renewals) > renewals, what="another renewal of the kept one")
    assert lost.closes == [False]
    assert kept.live
    lease = (await world.stored("lost")).lease
    assert lease is not None
    assert lease.owner == "worker-2"


async def test_a_store_that_is_away_ends_nothing_and_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.start(await world.create(paired=True, wanted=True))
    connection = await world.engine.dialled(1)
    renew, outages = world.store.renew, [1, 2, 3]

    async def flaky(owner: str, held: Mapping[str, int], seconds: float) -> set[str]:
        if outages:
            outages.pop()
            raise StoreUnavailable
        return await renew(owner, held, seconds)

    monkeypatch.setattr(world.store, "renew", flaky)
    async with running(keeper(world)):
        await eventually(lambda: connection.renewals, what="a renewal after the outage")
    assert connection.live


async def test_a_part_of_the_store_that_hangs_does_not_hold_up_the_renewals_of_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(("hangs", "answers"), start=1):
        await world.start(await world.create(name, paired=True, wanted=True))
        await world.engine.dialled(number)
    hanging, answering = world.engine.connections
    renew, asked = world.store.renew, asyncio.Event()

    async def partly(owner: str, held: Mapping[str, int], seconds: float) -> set[str]:
        if "hangs" in held:
            asked.set()
            await asyncio.Event().wait()
        return await renew(owner, held, seconds)

    monkeypatch.setattr(world.store, "renew", partly)
    monkeypatch.setattr(world.store, "parts", lambda names: {name: [name] for name in names})
    async with running(keeper(world)):
        await asked.wait()
        told = len(answering.renewals)
        await eventually(lambda: len(answering.renewals) >= told + 3, what="three more renewals of the other part")
    assert hanging.renewals == []


async def test_a_session_that_began_during_the_renewal_is_not_ended_for_the_older_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await world.create(paired=True, wanted=True)
    await world.start(stored)
    await world.engine.dialled(1)
    renew, rounds = world.store.renew, 0

    async def slow(owner: str, held: Mapping[str, int], seconds: float) -> set[str]:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            # While the answer is on its way, the session ends and the instance is connected again.
            await world.sessions.end("shop", logout=False)
            await world.start(stored)
            await world.engine.dialled(2)
            return set(held)
        return await renew(owner, held, seconds)

    monkeypatch.setattr(world.store, "renew", slow)
    async with running(keeper(world)):
        await eventually(lambda: world.engine.connections[-1].renewals, what="a renewal of the newer session")
    assert world.engine.connections[1].live


async def test_a_linked_instance_without_an_owner_is_opened_again(world: World) -> None:
    stored = await world.create(paired=True, wanted=True, state="open", phase="open")
    async with running(adopter(world, ROUND_SECONDS)):
        connection = await world.engine.dialled(1)
    assert connection.dial.creds is not None
    lease = (await world.stored()).lease
    assert lease is not None
    assert world.sessions.held() == {"shop": lease.epoch}
    assert world.sessions.running("shop", stored.instance.id)


async def test_a_pairing_that_lost_its_worker_is_closed_in_one_clear_step(world: World) -> None:
    stored = await world.create(wanted=True, state="connecting", phase="qr")
    async with running(adopter(world, ROUND_SECONDS)):
        live = await world.reaches(reason="pairing-interrupted")
        await world.gone()
    assert (live.state, live.phase, live.wanted, live.qr) == ("close", "stopped", False, None)
    assert await world.states(stored) == ["close"]
    assert (await world.stored()).lease is None
    assert world.engine.tries == 0


async def test_what_nobody_wants_or_somebody_runs_is_left_alone(world: World) -> None:
    await world.create("unwanted", paired=True)
    owned = await world.create("owned", paired=True, wanted=True)
    await world.lease(owned, "worker-2")
    before = [await world.stored(name) for name in ("unwanted", "owned")]
    await world.create("ours", paired=True, wanted=True)
    async with running(adopter(world, ROUND_SECONDS)):
        await world.engine.dialled(1)
    assert world.sessions.names == ["ours"]
    assert [await world.stored(name) for name in ("unwanted", "owned")] == before


async def test_a_just_created_instance_is_not_taken_for_an_interrupted_pairing(world: World) -> None:
    # Between the step that creates an instance and its lease there is a moment in which nobody owns it.
    now = world.clock.now
    await world.create("new", wanted=True, state="close", phase="dialling", since=now)
    await world.create("old", wanted=True, state="close", phase="dialling", since=now - 60_000)
    async with running(adopter(world, LEASE_SECONDS)):
        await world.reaches("old", reason="pairing-interrupted")
    assert (await world.live("new")).wanted
    assert (await world.stored("new")).lease is None


async def test_one_instance_that_cannot_be_adopted_does_not_hold_up_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        await world.create(name, paired=True, wanted=True)
    acquire = world.store.acquire

    async def flaky(name: str, instance_id: str, owner: str, seconds: float, last: int) -> int | None:
        if name == "a":
            raise StoreUnavailable
        return await acquire(name, instance_id, owner, seconds, last)

    monkeypatch.setattr(world.store, "acquire", flaky)
    async with running(adopter(world, ROUND_SECONDS)):
        await world.engine.dialled(2)
    assert sorted(world.sessions.names) == ["b", "c"]
