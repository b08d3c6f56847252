"""Real workers on a real Redis and a real RabbitMQ, and a plain AMQP client; only WhatsApp is played."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aio_pika
import msgspec
import pytest_asyncio

from pombo_common.adapters.rabbitmq import RabbitMqBus
from pombo_common.adapters.rabbitmq.topology import Topology
from pombo_common.adapters.redis import RedisStore
from pombo_common.config import Config
from pombo_common.ports.records import StoredInstance
from pombo_common.vault import Vault
from pombo_worker.runtime import Worker
from tests.contract.api.quick_engine import QuickConnection, QuickEngine
from tests.contract.bus.harness import remove, take_dead_letters
from tests.contract.bus_rabbitmq.plain_client import PlainClient, plain_client
from tests.contract.store.harness import flush
from tests.support.waiting import eventually


@dataclass
class Pool:
    """Workers that share one Store and one broker, under names of their own.

    Attributes:
        prefix: begins the names of everything on both servers.
        client: publishes commands.
        store: a handle of the test's own.
        engines: one of each worker, in the order of their start.
    """

    redis_url: str
    amqp_url: str
    prefix: str
    client: PlainClient
    store: RedisStore
    engines: list[QuickEngine] = field(default_factory=list)
    _running: list[tuple[Worker, RedisStore, RabbitMqBus]] = field(default_factory=list)

    async def add_worker(self) -> None:
        """Start one more worker."""
        store, bus = RedisStore(self.redis_url, prefix=self.prefix), RabbitMqBus(self.amqp_url, prefix=self.prefix)
        await store.open()
        await bus.open()
        engine, config = QuickEngine(), Config(api_key="GLOBAL-KEY", bus_url=self.amqp_url)
        worker = Worker(config, store=store, bus=bus, vault=Vault([bytes(32)]), engine=engine, sandbox=None)
        await worker.start()
        self.engines.append(engine)
        self._running.append((worker, store, bus))

    async def send(self, command: dict[str, Any], **properties: Any) -> None:  # noqa: ANN401 - see PlainClient
        """Publish a command."""
        await self.client.send(self.prefix, msgspec.json.encode(command), **properties)

    async def reply(self) -> dict[str, Any]:
        """Wait for the next reply."""
        reply: dict[str, Any] = msgspec.json.decode((await self.client.reply()).body)
        return reply

    async def ask(self, command: dict[str, Any], **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - see PlainClient
        """Publish a command and wait for its reply."""
        await self.send(command, **properties)
        return await self.reply()

    async def ask_often(self, command: dict[str, Any], times: int) -> list[bytes]:
        """Publish the same message so many times at once; returns the replies as they came, byte for byte."""
        for _ in range(times):
            await self.send(command)
        return [(await self.client.reply()).body for _ in range(times)]

    async def stored(self, name: str) -> StoredInstance:
        """Read an instance that is there."""
        stored = await self.store.instance(name)
        assert stored is not None
        return stored

    async def reaches(self, name: str, state: str) -> None:
        """Wait for a state."""

        async def there() -> bool:
            return (await self.stored(name)).live.state == state

        await eventually(there, what=f"{name} is {state}")

    async def events(self, name: str) -> list[str]:
        """Return the types of all that an instance's log holds, in order."""
        instance = (await self.stored(name)).instance
        return [event.type for event in await self.store.events(name, instance.id, 0, 1000)]

    async def dead_letter(self) -> tuple[bytes, str]:
        """Wait for one dead letter; returns its body and the reason."""
        letters = await eventually(
            lambda: take_dead_letters(self.amqp_url, Topology(self.prefix)), what="a dead letter"
        )
        (letter,) = letters
        return letter

    @property
    def dials(self) -> list[QuickConnection]:
        """All connections that any of the workers made."""
        return [connection for engine in self.engines for connection in engine.connections]

    async def close(self) -> None:
        """Stop the workers."""
        for worker, store, bus in self._running:
            await worker.stop()
            await bus.close()
            await store.close()


@pytest_asyncio.fixture
async def pool(redis_url: str, amqp_url: str) -> AsyncIterator[Pool]:
    """Yield a pool without workers; the broker knows its names already."""
    prefix = f"test-{secrets.token_hex(8)}"
    store, declaring = RedisStore(redis_url, prefix=prefix), RabbitMqBus(amqp_url, prefix=prefix)
    await store.open()
    await declaring.open()
    await declaring.close()
    async with plain_client(amqp_url) as client:
        pool = Pool(redis_url, amqp_url, prefix, client, store)
        yield pool
        await pool.close()
        await _remove_worker_queues(pool)
    await store.close()
    await remove(amqp_url, Topology(prefix))
    await flush(redis_url, prefix)


async def _remove_worker_queues(pool: Pool) -> None:
    async with await aio_pika.connect(pool.amqp_url) as connection:
        channel = await connection.channel()
        for worker, _, _ in pool._running:  # noqa: SLF001 - the fixture is the pool's other half
            await channel.queue_delete(Topology(pool.prefix).worker(worker.id).name)
