"""The broker or the way to it goes away and comes back."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from yarl import URL

from pombo_common.adapters.rabbitmq import RabbitMqBus
from pombo_common.ports.bus import BusUnavailable, Disposition, Request, Wakeup
from tests.contract.bus.handlers import Gate, echo
from tests.support.felt_time import felt_time
from tests.support.ports import free_port
from tests.support.rabbitmq_server import RabbitServer
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

WAKEUP = Wakeup(name="instance", instance_id="id", destination="webhook")


async def call(bus: RabbitMqBus, body: bytes, seconds: float = 30.0) -> bytes:
    return await bus.call(body, command_id=str(uuid.uuid4()), seconds=seconds)


@pytest_asyncio.fixture
async def proxy(amqp_url: str) -> AsyncIterator[TcpProxy]:
    """Yield a proxy before the session's broker."""
    async with TcpProxy("127.0.0.1", URL(amqp_url).port or 5672) as proxy:
        yield proxy


@pytest_asyncio.fixture
async def proxied(amqp_url: str, prefix: str, proxy: TcpProxy) -> AsyncIterator[RabbitMqBus]:
    """Yield a Bus behind the proxy."""
    bus = RabbitMqBus(str(URL(amqp_url).with_port(proxy.port)), prefix=prefix, heartbeat=1, grace=0.5)
    await bus.open()
    yield bus
    proxy.resume()
    await bus.close()


@pytest_asyncio.fixture
async def harmed(own_rabbitmq: RabbitServer) -> AsyncIterator[RabbitMqBus]:
    """Yield a Bus on the test's own broker."""
    bus = RabbitMqBus(own_rabbitmq.url, grace=0.5)
    await bus.open()
    yield bus
    await bus.close()


async def works_again(bus: RabbitMqBus) -> bool:
    """Tell whether commands and wake-ups go through now."""
    try:
        await bus.ping()
        await bus.wake(WAKEUP)
        return await call(bus, b"again", seconds=2.0) == b"re:again"
    except Exception:  # noqa: BLE001 - whatever is wrong, it does not work yet
        return False


async def comes_back(bus: RabbitMqBus) -> None:
    """Wait until commands and wake-ups go through."""
    restored: bool = await eventually(lambda: works_again(bus), seconds=60, what="all works again")
    assert restored


async def bounded_refusals(bus: RabbitMqBus) -> None:
    """Assert that everything refuses within its bound."""
    async with felt_time() as took:
        with pytest.raises(BusUnavailable):
            await call(bus, b"lost", seconds=1.0)
    assert took.seconds < 2.0
    async with felt_time() as took:
        with pytest.raises(BusUnavailable):
            await bus.wake(WAKEUP)
    assert took.seconds < 3.0
    async with felt_time() as took:
        with pytest.raises(BusUnavailable):
            await bus.ping()
    assert took.seconds < 3.0


async def test_no_broker_at_the_start() -> None:
    bus = RabbitMqBus(f"amqp://127.0.0.1:{free_port()}/")
    with pytest.raises(BusUnavailable):
        await bus.open()
    with pytest.raises(BusUnavailable):
        await bus.ping()


async def test_a_broker_that_never_answers_at_the_start(proxy: TcpProxy, amqp_url: str) -> None:
    proxy.pause()
    bus = RabbitMqBus(str(URL(amqp_url).with_port(proxy.port)))
    async with felt_time() as took:
        with pytest.raises(BusUnavailable):
            await bus.open()
    assert took.seconds < 15


async def test_the_topology_can_be_declared_twice(amqp_url: str, bus: RabbitMqBus, prefix: str) -> None:
    second = RabbitMqBus(amqp_url, prefix=prefix)
    await second.open()
    await second.serve("two", echo, prefetch=1)
    assert await call(bus, b"x") == b"re:x"
    await second.close()


@pytest.mark.parametrize("frozen", [False, True])
async def test_a_worker_out_of_reach_loses_its_command_to_another(
    bus: RabbitMqBus, proxied: RabbitMqBus, proxy: TcpProxy, *, frozen: bool
) -> None:
    gate = Gate()
    await proxied.serve("two", gate.handle, prefetch=1)
    waiting = asyncio.create_task(call(bus, b"x"))
    async with asyncio.timeout(60):
        await gate.entered.wait()
    await bus.serve("one", echo, prefetch=1)
    if frozen:
        proxy.pause()
    else:
        proxy.refuse(refusing=True)
        proxy.cut()
    assert await waiting == b"re:x"
    # It still runs where it was begun: an effect is finished and recorded, though it can no longer be acknowledged.
    assert gate.running == 1


async def test_a_cut_connection_comes_back_by_itself(proxied: RabbitMqBus, proxy: TcpProxy) -> None:
    gate = Gate()
    tries: list[bytes] = []

    async def handle(request: Request) -> Disposition:
        tries.append(request.body)
        return await (gate.handle(request) if len(tries) == 1 else echo(request))

    await proxied.serve("one", handle, prefetch=2)
    await proxied.hear(asyncio.Queue[Wakeup]().put)
    waiting = asyncio.create_task(call(proxied, b"cut"))
    async with asyncio.timeout(60):
        await gate.entered.wait()
    # One queue, one channel: once this has come and gone, the broker has confirmed the first one too.
    assert await call(proxied, b"next") == b"re:next"
    proxy.refuse(refusing=True)
    proxy.cut()
    await bounded_refusals(proxied)
    proxy.refuse(refusing=False)
    # The reply queue outlives the connection: even the call that was under way gets its answer.
    assert await waiting == b"re:cut"
    assert tries[:3] == [b"cut", b"next", b"cut"]
    gate.open()
    await comes_back(proxied)


async def test_a_frozen_connection_is_bounded(proxied: RabbitMqBus, proxy: TcpProxy) -> None:
    await proxied.serve("one", echo, prefetch=2)
    assert await call(proxied, b"x") == b"re:x"
    proxy.pause()
    await bounded_refusals(proxied)
    proxy.resume()
    await comes_back(proxied)


async def test_the_broker_is_stopped_and_started(own_rabbitmq: RabbitServer, harmed: RabbitMqBus) -> None:
    gate = Gate()
    tries: list[bytes] = []

    async def handle(request: Request) -> Disposition:
        tries.append(request.body)
        return await (gate.handle(request) if len(tries) == 1 else echo(request))

    await harmed.serve("one", handle, prefetch=2)
    await harmed.hear(asyncio.Queue[Wakeup]().put)
    waiting = asyncio.create_task(call(harmed, b"x", seconds=120))
    async with asyncio.timeout(60):
        await gate.entered.wait()
    await asyncio.to_thread(own_rabbitmq.stop)
    await bounded_refusals(harmed)
    await asyncio.to_thread(own_rabbitmq.start)
    assert await waiting == b"re:x"
    gate.open()
    await comes_back(harmed)


async def test_the_broker_is_killed_and_frozen(own_rabbitmq: RabbitServer, harmed: RabbitMqBus) -> None:
    gate = Gate()
    stuck = await harmed.serve("one", gate.handle, prefetch=1)
    waiting = asyncio.create_task(call(harmed, b"kept", seconds=120))
    async with asyncio.timeout(60):
        await gate.entered.wait()
    await asyncio.to_thread(own_rabbitmq.write_out)
    await asyncio.to_thread(own_rabbitmq.kill)
    await stuck.stop()
    await asyncio.to_thread(own_rabbitmq.start)
    back: bool = await eventually(lambda: answers(harmed), seconds=60, what="the broker is back")
    assert back
    await harmed.serve("two", echo, prefetch=1)
    assert await waiting == b"re:kept"
    own_rabbitmq.pause()
    await bounded_refusals(harmed)
    own_rabbitmq.resume()
    await comes_back(harmed)


async def answers(bus: RabbitMqBus) -> bool:
    try:
        await bus.ping()
    except BusUnavailable:
        return False
    return True
