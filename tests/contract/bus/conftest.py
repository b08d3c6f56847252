"""Every test of this folder runs against each adapter of the Bus."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from pombo_common.adapters.rabbitmq import bus as rabbitmq_bus
from pombo_common.ports.bus import Bus
from tests.contract.bus.harness import BusUnderTest, open_inprocess, open_rabbitmq

OpenBus = Callable[[float], Awaitable[BusUnderTest]]

GRACE_SECONDS = 10.0


@pytest.fixture(autouse=True)
def slow_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give pings and wake-ups longer than the product does: these tests are not about how soon they are given up."""
    monkeypatch.setattr(rabbitmq_bus, "_PROBE_SECONDS", 30.0)


@pytest_asyncio.fixture(params=["inprocess", "rabbitmq"])
async def open_bus(request: pytest.FixtureRequest) -> AsyncIterator[OpenBus]:
    """Yield a function that opens a Bus whose consumers give handlers so many seconds when they stop."""
    opened: list[BusUnderTest] = []

    async def open_one(grace: float) -> BusUnderTest:
        if request.param == "inprocess":
            opened.append(await open_inprocess(grace))
        else:
            opened.append(await open_rabbitmq(url, grace))
        return opened[-1]

    url: str = "" if request.param == "inprocess" else request.getfixturevalue("amqp_url")
    yield open_one
    for under_test in opened:
        await under_test.close()


@pytest_asyncio.fixture
async def under_test(open_bus: OpenBus) -> BusUnderTest:
    """Return an open Bus with its dead letters."""
    return await open_bus(GRACE_SECONDS)


@pytest.fixture
def bus(under_test: BusUnderTest) -> Bus:
    """Return an open Bus."""
    return under_test.bus
