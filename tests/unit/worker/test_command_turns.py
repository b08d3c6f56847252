"""Turns: the commands of one instance run one after the other, and hold nobody else up."""

import asyncio
from collections.abc import Sequence

import pytest

from pombo_common.model.commands import InstanceConnect
from pombo_common.ports.bus import Done, Later
from pombo_common.ports.records import CommandRecord, Start
from pombo_worker.commands import consumer
from tests.support.waiting import eventually
from tests.unit.worker.commanding import give
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio


class Gauge:
    """Counts the commands that are between their start and their end, by instance."""

    def __init__(self, world: World) -> None:
        self.now: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.gate = asyncio.Event()
        self.begun: list[str] = []
        self._start = world.store.start_command

    async def start(self, name: str, command: CommandRecord, token: str, *, also: Sequence[str]) -> Start:
        """Stand in for `start_command`, holding each command inside it until the gate opens."""
        self.begun.append(command.id)
        self.now[name] = self.now.get(name, 0) + 1
        self.most[name] = max(self.most.get(name, 0), self.now[name])
        await self.gate.wait()
        try:
            return await self._start(name, command, token, also=also)
        finally:
            self.now[name] -= 1


async def test_one_instances_commands_wait_for_each_other_and_nobody_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gauge = Gauge(world)
    monkeypatch.setattr(world.store, "start_command", gauge.start)
    monkeypatch.setattr(consumer, "TURN_SECONDS", 30.0)
    given = [
        asyncio.create_task(give(world, InstanceConnect(id=f"{name}{number}", instance=name)))
        for name in ("a", "b")
        for number in (1, 2)
    ]
    await eventually(lambda: len(gauge.begun) == 2, what="one command of each instance")
    assert sorted(gauge.begun) == ["a1", "b1"]
    gauge.gate.set()
    await asyncio.gather(*given)
    assert gauge.most == {"a": 1, "b": 1}
    assert sorted(gauge.begun[2:]) == ["a2", "b2"]


async def test_those_that_wait_long_for_their_turn_make_room_for_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gauge = Gauge(world)
    monkeypatch.setattr(world.store, "start_command", gauge.start)
    monkeypatch.setattr(consumer, "TURN_SECONDS", 0.01)
    slow = asyncio.create_task(give(world, InstanceConnect(id="a0", instance="a")))
    await eventually(lambda: gauge.begun == ["a0"], what="the first one")
    waiting = [give(world, InstanceConnect(id=f"a{number}", instance="a")) for number in range(1, 9)]
    assert await asyncio.gather(*waiting) == [Later()] * 8
    assert gauge.begun == ["a0"]
    gauge.gate.set()
    assert isinstance(await slow, Done)
    assert isinstance(await give(world, InstanceConnect(id="a1", instance="a")), Done)


async def test_a_command_that_comes_while_the_turn_passes_on_waits_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gauge = Gauge(world)
    monkeypatch.setattr(world.store, "start_command", gauge.start)
    monkeypatch.setattr(consumer, "TURN_SECONDS", 30.0)
    gauge.gate.set()

    async def one(number: int) -> None:
        await give(world, InstanceConnect(id=f"c{number}", instance="a"))
        if number < 10:
            # The turn was just let go; somebody who waited has it now.
            await one(number + 10)

    await asyncio.gather(*(one(number) for number in range(5)))
    assert len(gauge.begun) == 10
    assert gauge.most == {"a": 1}
