"""Commands that change hands: a server that stops, one that passes on, one that cannot read."""

import asyncio
import uuid

import pytest

from pombo_common.ports.bus import Bus, Disposition, Done, Later, NoReply, PassOn, Request, Unreadable
from tests.contract.bus.conftest import OpenBus
from tests.contract.bus.handlers import Gate, echo
from tests.contract.bus.harness import BusUnderTest
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


async def call(bus: Bus, body: bytes, seconds: float = 20.0) -> bytes:
    return await bus.call(body, command_id=str(uuid.uuid4()), seconds=seconds)


async def test_stop_waits_for_the_handlers_that_run(bus: Bus) -> None:
    gate = Gate()
    serving = await bus.serve("one", gate.handle, prefetch=1)
    waiting = asyncio.create_task(call(bus, b"x"))
    async with asyncio.timeout(60):
        await gate.entered.wait()
    stopping = asyncio.create_task(serving.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    gate.open()
    await stopping
    assert await waiting == b"re:x"


async def test_another_server_gets_what_a_stopped_one_left(open_bus: OpenBus) -> None:
    bus = (await open_bus(0.05)).bus
    gate = Gate()
    serving = await bus.serve("one", gate.handle, prefetch=2)
    calls = [asyncio.create_task(call(bus, body)) for body in (b"a", b"b", b"c", b"d")]
    await eventually(lambda: gate.running == 2, what="two handlers run")
    await bus.serve("two", echo, prefetch=2)
    await serving.stop()
    assert gate.running == 0
    assert await asyncio.gather(*calls) == [b"re:a", b"re:b", b"re:c", b"re:d"]


async def test_a_stopped_server_takes_no_more(under_test: BusUnderTest) -> None:
    gate, bus = Gate(), under_test.bus
    serving = await bus.serve("one", gate.handle, prefetch=1)
    await serving.stop()
    with pytest.raises(NoReply):
        await call(bus, b"x", seconds=under_test.in_vain)
    assert not gate.entered.is_set()


async def test_a_command_passed_on_reaches_the_named_worker_alone(bus: Bus) -> None:
    seen: list[tuple[str, bool]] = []

    async def handle_as(worker: str, request: Request) -> Disposition:
        seen.append((worker, request.addressed))
        return Done(worker.encode()) if request.addressed else PassOn("two")

    await bus.serve("one", lambda request: handle_as("one", request), prefetch=4)
    await bus.serve("two", lambda request: handle_as("two", request), prefetch=4)
    assert await asyncio.gather(*(call(bus, b"%d" % number) for number in range(20))) == [b"two"] * 20
    assert {worker for worker, addressed in seen if addressed} == {"two"}
    assert sum(addressed for _, addressed in seen) == 20


async def test_prefetch_bounds_own_and_shared_commands_together(under_test: BusUnderTest) -> None:
    gate, bus = Gate(), under_test.bus
    seen: list[bytes] = []

    async def handle(request: Request) -> Disposition:
        seen.append(request.body)
        return await gate.handle(request) if request.addressed else PassOn("one")

    await bus.serve("one", handle, prefetch=1)
    own = asyncio.create_task(call(bus, b"own"))
    async with asyncio.timeout(60):
        await gate.entered.wait()
    with pytest.raises(NoReply):
        await call(bus, b"shared", seconds=under_test.in_vain)
    assert b"shared" not in seen
    gate.open()
    assert await own == b"re:own"
    await eventually(lambda: seen.count(b"shared") == 2, what="the other is handled too")


async def test_a_command_for_a_missing_worker_comes_round_again(bus: Bus) -> None:
    seen: list[bool] = []

    async def handle(request: Request) -> Disposition:
        seen.append(request.addressed)
        return PassOn("nobody") if len(seen) == 1 else Done(b"done")

    await bus.serve("one", handle, prefetch=1)
    assert await call(bus, b"x") == b"done"
    assert seen == [False, False]


async def test_a_command_whose_turn_has_not_come_takes_no_place_and_comes_again(bus: Bus) -> None:
    tries: list[bytes] = []

    async def handle(request: Request) -> Disposition:
        tries.append(request.body)
        return Later() if request.body == b"waits" and b"stranger" not in tries else await echo(request)

    await bus.serve("one", handle, prefetch=1)
    waiting = asyncio.create_task(call(bus, b"waits"))
    await eventually(lambda: tries == [b"waits"], what="its first try")
    assert await call(bus, b"stranger") == b"re:stranger"
    assert await waiting == b"re:waits"


async def test_what_cannot_be_read_is_a_dead_letter(under_test: BusUnderTest) -> None:
    async def handle(_: Request) -> Disposition:
        return Unreadable("not JSON")

    await under_test.bus.serve("one", handle, prefetch=1)
    with pytest.raises(NoReply):
        await call(under_test.bus, b"\xff", seconds=under_test.in_vain)
    letters: list[tuple[bytes, str]] = await eventually(under_test.dead_letters, what="a dead letter")
    assert letters == [(b"\xff", "not JSON")]
