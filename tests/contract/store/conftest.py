"""The fixtures that put every test of this folder on both adapters, and on Redis also as a cluster."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pombo_common.ports.store import Store
from tests.contract.store.harness import StoreFactory, flush, redis_stores, sqlite_stores
from tests.support.redis_cluster import RedisCluster


@pytest_asyncio.fixture(params=["sqlite", "redis", "cluster"])
async def store_factory(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StoreFactory]:
    """Yield one empty store of each kind in turn."""
    if request.param == "sqlite":
        stores = sqlite_stores(tmp_path / "store.sqlite")
        yield stores
        await stores.close()
        return
    if request.param == "cluster":
        cluster: RedisCluster = request.getfixturevalue("redis_cluster")
        url = cluster.url
    else:
        url = request.getfixturevalue("redis_url")
    prefix = f"t{secrets.token_hex(6)}"
    stores = redis_stores(url, prefix)
    yield stores
    await stores.close()
    await flush(url, prefix)


@pytest_asyncio.fixture
async def store(store_factory: StoreFactory) -> Store:
    """Return one open handle on the empty store."""
    return await store_factory.open()
