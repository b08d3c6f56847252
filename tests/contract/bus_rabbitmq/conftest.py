"""Buses on the session's broker, each with names of its own."""

import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pombo_common.adapters.rabbitmq import RabbitMqBus
from pombo_common.adapters.rabbitmq.topology import Topology
from tests.contract.bus.harness import remove
from tests.contract.bus_rabbitmq.plain_client import PlainClient, plain_client


@pytest.fixture
def prefix() -> str:
    """Return the beginning of all names of one test."""
    return f"test-{uuid.uuid4()}"


@pytest_asyncio.fixture
async def bus(amqp_url: str, prefix: str) -> AsyncIterator[RabbitMqBus]:
    """Yield an open Bus."""
    bus = RabbitMqBus(amqp_url, prefix=prefix)
    await bus.open()
    yield bus
    await bus.close()
    await remove(amqp_url, Topology(prefix))


@pytest_asyncio.fixture
async def client(amqp_url: str) -> AsyncIterator[PlainClient]:
    """Yield a plain AMQP client."""
    async with plain_client(amqp_url) as client:
        yield client
