"""Calls and their replies."""

import asyncio
import uuid

import pytest

from pombo_common.ports.bus import Again, Bus, BusUnavailable, Disposition, Done, NoReply, Request
from tests.contract.bus.conftest import OpenBus
from tests.contract.bus.handlers import Gate, echo
from tests.contract.bus.harness import BusUnderTest
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


async def call(bus: Bus, body: bytes, seconds: float = 20.0) -> bytes:
    return await bus.call(body, command_id=str(uuid.uuid4()), seconds=seconds)


async def test_a_call_gets_the_handlers_reply(bus: Bus) -> None:
    seen: list[Request] = []

    async def handle(request: Request) -> Disposition:
        seen.append(request)
        return Done(b'{"ok":true}')

    await bus.serve("one", handle, prefetch=1)
    assert await call(bus, b'{"n":1}') == b'{"ok":true}'
    assert seen == [Request(body=b'{"n":1}', expires_in=None, answerable=True, addressed=False)]


async def test_a_call_made_before_anybody_serves_is_answered(bus: Bus) -> None:
    waiting = asyncio.create_task(call(bus, b"early"))
    await asyncio.sleep(0)
    await bus.serve("one", echo, prefetch=1)
    assert await waiting == b"re:early"


async def test_concurrent_calls_each_get_their_own_reply(bus: Bus) -> None:
    await bus.serve("one", echo, prefetch=20)
    await bus.serve("two", echo, prefetch=20)
    bodies = [b"%d" % number for number in range(200)]
    replies = await asyncio.gather(*(call(bus, body) for body in bodies))
    assert replies == [b"re:" + body for body in bodies]


async def test_the_same_command_called_twice_at_once_is_answered_twice(bus: Bus) -> None:
    await bus.serve("one", echo, prefetch=5)
    calls = (bus.call(body, command_id="same", seconds=20.0) for body in (b"a", b"b"))
    assert await asyncio.gather(*calls) == [b"re:a", b"re:b"]


async def test_no_reply_in_time(under_test: BusUnderTest) -> None:
    gate, bus = Gate(), under_test.bus
    await bus.serve("one", gate.handle, prefetch=1)
    with pytest.raises(NoReply):
        await call(bus, b"slow", seconds=under_test.in_vain)
    gate.open()
    # The late reply of the first call must not become the reply of the next.
    assert await call(bus, b"next") == b"re:next"


async def test_a_command_whose_handler_raises_comes_again(bus: Bus) -> None:
    tries: list[bytes] = []

    async def handle(request: Request) -> Disposition:
        tries.append(request.body)
        if len(tries) == 1:
            raise ValueError("the first try fails")
        return Done(b"second")

    await bus.serve("one", handle, prefetch=1)
    assert await call(bus, b"x") == b"second"
    assert tries == [b"x", b"x"]


async def test_a_command_that_is_put_back_comes_again_after_a_pause(bus: Bus) -> None:
    times: list[float] = []

    async def handle(_: Request) -> Disposition:
        times.append(asyncio.get_running_loop().time())
        return Again() if len(times) < 3 else Done(b"third")

    await bus.serve("one", handle, prefetch=1)
    assert await call(bus, b"x") == b"third"
    first, second, third = times
    assert second - first >= 0.2
    assert third - second >= 0.4


async def test_prefetch_bounds_how_many_run_at_once(bus: Bus) -> None:
    gate = Gate()
    await bus.serve("one", gate.handle, prefetch=3)
    calls = [asyncio.create_task(call(bus, b"%d" % number)) for number in range(12)]
    await eventually(lambda: gate.running == 3, what="three handlers run")
    gate.open()
    await asyncio.gather(*calls)
    assert gate.most == 3


async def test_a_closed_bus_takes_nothing(open_bus: OpenBus) -> None:
    bus = (await open_bus(1.0)).bus
    await bus.ping()
    waiting = asyncio.create_task(call(bus, b"x"))
    await asyncio.sleep(0)
    await bus.close()
    with pytest.raises(BusUnavailable):
        await waiting
    with pytest.raises(BusUnavailable):
        await bus.ping()
    with pytest.raises(BusUnavailable):
        await call(bus, b"y", seconds=1.0)
