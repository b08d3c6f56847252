"""The Redis adapter on a server that a test may harm, and a plain client beside it."""

from collections.abc import AsyncIterator

import pytest_asyncio
import redis.asyncio

from pombo_common.adapters.redis import RedisStore
from tests.support.redis_server import RedisServer


@pytest_asyncio.fixture
async def store(own_redis: RedisServer) -> AsyncIterator[RedisStore]:
    """Yield an open store on the test's own Redis."""
    store = RedisStore(own_redis.url)
    await store.open()
    yield store
    await store.close()


@pytest_asyncio.fixture
async def plain(own_redis: RedisServer) -> AsyncIterator["redis.asyncio.Redis"]:
    """Yield a plain client of the test's own Redis."""
    async with redis.asyncio.Redis.from_url(own_redis.url, protocol=2) as client:
        yield client
