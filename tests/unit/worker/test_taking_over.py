"""Taking an instance over: what cannot be opened is left alone, and what changed up to the lease is what counts."""

from typing import Any

import msgspec
import pytest

from pombo_common.model.commands import InstanceConnect, InstanceCreate
from pombo_common.model.settings import Settings
from pombo_common.ports.changes import Change, Verdict
from pombo_common.ports.records import StoredInstance
from pombo_common.projection import open_secrets, seal_secrets
from pombo_common.vault import Vault
from pombo_worker.sessions import adoption
from tests.support.waiting import eventually
from tests.unit.worker.commanding import answer, give
from tests.unit.worker.world import World
from tests.unit.worker.world_building import adopter, running

pytestmark = pytest.mark.asyncio

QUICK = 0.05
CREATE = InstanceCreate(id="c1", instance="shop", integration="WHATSAPP-BAILEYS", qrcode=True)
NEW = Settings(always_online=True)


async def changed(world: World, stored: StoredInstance, **fields: Any) -> None:  # noqa: ANN401 - members of Change
    """Change an instance behind the worker's back."""
    applied = await world.store.apply(stored.instance.name, Change(instance_id=stored.instance.id, **fields))
    assert applied.verdict is Verdict.APPLIED


async def sealed_with(world: World, stored: StoredInstance, key: bytes) -> None:
    """Seal an instance's secrets under another key."""
    secrets = open_secrets(stored.instance, world.vault)
    sealed = seal_secrets(stored.instance.id, secrets, Vault([key]))
    await changed(world, stored, instance=msgspec.structs.replace(stored.instance, sealed=sealed))


def before_each_lease(world: World, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:  # noqa: ANN401 - as above
    """Let another worker change an instance right before its lease is taken here."""
    acquire = world.store.acquire

    async def late(name: str, *given: Any) -> int | None:  # noqa: ANN401 - what `acquire` takes
        stored = await world.stored(name)
        if settings := fields.get("settings"):
            await changed(world, stored, instance=msgspec.structs.replace(stored.instance, settings=settings))
        else:
            await changed(world, stored, live=msgspec.structs.replace(stored.live, **fields))
        return await acquire(name, *given)

    monkeypatch.setattr(world.store, "acquire", late)


@pytest.fixture
def looks(world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Look often, and count the looks."""
    counted: list[int] = []
    abandoned = world.store.abandoned

    async def count() -> list[str]:
        counted.append(1)
        return await abandoned()

    monkeypatch.setattr(world.store, "abandoned", count)
    return counted


async def test_what_cannot_be_opened_keeps_no_lease_and_says_nothing(
    world: World, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adoption, "SEALED_SECONDS", 0.0)
    stored = await world.create("sealed", paired=True, wanted=True)
    await sealed_with(world, stored, b"x" * 32)
    await world.create("shop", paired=True, wanted=True)
    async with running(adopter(world, QUICK)):
        await world.engine.dialled(1)
        await eventually(lambda: len(looks) > 5, what="many looks")
    assert world.sessions.names == ["shop"]
    assert await world.log(stored) == []
    assert (await world.stored("sealed")).lease is None
    # It was never taken: the next lease is the first.
    assert await world.lease(stored) == 1


async def test_what_cannot_be_opened_is_tried_again_after_a_while(
    world: World, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await world.create(paired=True, wanted=True)
    await sealed_with(world, stored, b"x" * 32)
    async with running(part := adopter(world, QUICK)):
        await eventually(lambda: len(looks) > 2, what="some looks")
        await sealed_with(world, stored, b"k" * 32)
        before = len(looks)
        await eventually(lambda: len(looks) > before + 3, what="more looks")
        assert world.sessions.names == []
        monkeypatch.setattr(part, "_sealed", {})
        await world.engine.dialled(1)


async def test_a_session_is_adopted_with_what_was_set_right_before_its_lease(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.create(paired=True, wanted=True)
    before_each_lease(world, monkeypatch, settings=NEW)
    async with running(adopter(world, QUICK)):
        connection = await world.engine.dialled(1)
    assert connection.dial.settings == NEW


async def test_a_session_that_a_command_starts_has_what_was_set_right_before_its_lease(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.create("closed")
    before_each_lease(world, monkeypatch, settings=NEW)
    assert (await answer(world, InstanceConnect(id="a", instance="closed")))["ok"]
    assert (await world.engine.dialled(1)).dial.settings == NEW
    await give(world, CREATE)
    assert (await world.engine.dialled(2)).dial.settings == NEW


async def test_what_was_logged_out_right_before_its_lease_is_not_opened(
    world: World, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await world.create(paired=True, wanted=True)
    before_each_lease(world, monkeypatch, wanted=False, paired=False)
    async with running(adopter(world, QUICK)):
        await eventually(lambda: len(looks) > 3, what="some looks")
    assert world.engine.tries == 0
    assert await world.log(stored) == []
    assert (await world.stored()).lease is None


async def test_a_pairing_that_was_linked_right_before_its_lease_is_not_closed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await world.create(wanted=True, state="connecting", phase="qr")
    before_each_lease(world, monkeypatch, paired=True)
    async with running(adopter(world, QUICK)):
        await world.engine.dialled(1)
    assert (await world.live()).wanted
    assert await world.states(stored) == []


async def test_a_lease_that_was_lost_is_taken_again_above_its_last_epoch_though_the_store_forgot_that(
    world: World,
) -> None:
    world.sessions.lapsed = {"adopted": 6, "connected": 8}
    await world.create("connected")
    assert (await answer(world, InstanceConnect(id="a", instance="connected")))["ok"]
    await world.create("adopted", paired=True, wanted=True)
    async with running(adopter(world, QUICK)):
        await world.engine.dialled(2)
    assert world.sessions.held() == {"adopted": 7, "connected": 9}
