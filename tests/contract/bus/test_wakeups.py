"""Wake-ups for deliveries."""

import asyncio

import pytest

from pombo_common.ports.bus import Bus, Wakeup
from tests.contract.bus.conftest import OpenBus
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


def wakeups(count: int) -> list[Wakeup]:
    return [Wakeup(name=f"instance {number}", instance_id="id", destination="webhook") for number in range(count)]


async def test_each_wakeup_reaches_one_listener(bus: Bus) -> None:
    heard: list[Wakeup] = []

    async def hear(wakeup: Wakeup) -> None:
        heard.append(wakeup)

    await bus.hear(hear)
    await bus.hear(hear)
    sent = wakeups(50)
    for wakeup in sent:
        await bus.wake(wakeup)
    await eventually(lambda: len(heard) >= len(sent), what="all are heard")
    last = Wakeup(name="last", instance_id="id", destination="sqs")
    await bus.wake(last)
    await eventually(lambda: last in heard, what="the last is heard")
    assert sorted(heard, key=lambda wakeup: wakeup.name) == sorted([*sent, last], key=lambda wakeup: wakeup.name)


async def test_a_wakeup_waits_for_a_listener(bus: Bus) -> None:
    heard: asyncio.Queue[Wakeup] = asyncio.Queue()
    (wakeup,) = wakeups(1)
    await bus.wake(wakeup)
    await bus.hear(heard.put)
    async with asyncio.timeout(30):
        assert await heard.get() == wakeup


async def test_a_listener_that_fails_hears_the_next(bus: Bus) -> None:
    heard: list[Wakeup] = []

    async def hear(wakeup: Wakeup) -> None:
        heard.append(wakeup)
        if len(heard) == 1:
            raise ValueError("the first fails")

    await bus.hear(hear)
    for wakeup in wakeups(2):
        await bus.wake(wakeup)
    await eventually(lambda: len(heard) == 2, what="both are heard")


async def test_another_listener_hears_what_a_stopped_one_left(open_bus: OpenBus) -> None:
    bus = (await open_bus(0.05)).bus
    stuck = asyncio.Event()
    heard: asyncio.Queue[Wakeup] = asyncio.Queue()

    async def hang(_: Wakeup) -> None:
        stuck.set()
        await asyncio.Event().wait()

    hearing = await bus.hear(hang)
    (wakeup,) = wakeups(1)
    await bus.wake(wakeup)
    async with asyncio.timeout(60):
        await stuck.wait()
    await hearing.stop()
    await bus.hear(heard.put)
    async with asyncio.timeout(30):
        assert await heard.get() == wakeup
