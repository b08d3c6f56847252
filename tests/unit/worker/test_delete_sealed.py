"""An instance whose key is gone can still be deleted."""

import pytest

from pombo_common.model.commands import InstanceDelete
from tests.unit.worker.commanding import answer
from tests.unit.worker.world import World
from tests.unit.worker.world_building import build_world

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("paired", [False, True])
async def test_an_instance_sealed_with_a_key_that_is_gone_is_deleted(world: World, *, paired: bool) -> None:
    await world.create(paired=paired)
    without = build_world(world.store, world.clock, keys=[b"n" * 32])
    reply = await answer(without, InstanceDelete(id="d", instance="shop"))
    assert reply["ok"], reply
    assert (reply["result"]["token"], reply["result"]["live"]["reason"]) == (
        None,
        "logged-out-here" if paired else None,
    )
    assert await world.store.instance("shop") is None
