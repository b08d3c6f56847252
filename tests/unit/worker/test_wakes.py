"""Who is woken: this worker while it listens, and others over the Bus."""

import pytest

from pombo_common.ports.bus import Wakeup
from pombo_worker.wakes import Wakes
from tests.support.waiting import eventually
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

WAKEUP = Wakeup(name="shop", instance_id="id", destination="webhook")


async def test_a_worker_that_listens_wakes_itself_and_one_that_stops_leaves_it_to_others(world: World) -> None:
    own: list[Wakeup] = []
    others: list[Wakeup] = []

    async def hear(wakeup: Wakeup) -> None:
        own.append(wakeup)

    async def hear_elsewhere(wakeup: Wakeup) -> None:
        others.append(wakeup)

    wakes = Wakes(world.bus)
    hearing = await wakes.hear(hear)
    await wakes.wake_all("shop", "id", ["webhook"])
    assert own == [WAKEUP]  # at once, with no turn of the loop in between
    await hearing.stop()
    await world.bus.hear(hear_elsewhere)
    await wakes.wake_all("shop", "id", ["webhook"])
    await eventually(lambda: others, what="the wake-up elsewhere")
    assert (own, others) == ([WAKEUP], [WAKEUP])
