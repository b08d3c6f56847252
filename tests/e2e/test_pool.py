"""Two APIs and three workers share the instances: each fault of tests/chaos in its short form, in one deployment."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.pool_faults import frozen, killed, rolled, without
from tests.support.running_pool import RunningPool, running_pool
from tests.support.server_binaries import ServerBinaries

pytestmark = pytest.mark.asyncio(loop_scope="module")

INSTANCES = 9
LEASE_SECONDS = 12.0
"""Three workers and their hosts start on a few cores; shorter leases would run out meanwhile."""

SETTLE_SECONDS = 60.0
OUTAGE_SECONDS = 3.0
AWAY_SECONDS = 25.0
"""A generous bound for a machine that is busy; tests/chaos takes the figure."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(server_binaries: ServerBinaries, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningPool]:
    """Yield the pool of this file, its instances open."""
    folder = tmp_path_factory.mktemp("pool")
    async with running_pool(
        server_binaries, folder, lease_seconds=LEASE_SECONDS, settle_seconds=SETTLE_SECONDS
    ) as pool:
        await pool.create(INSTANCES)
        await pool.spread()
        await pool.open()
        yield pool


async def test_workers_that_stop_hand_over_and_no_command_fails(pool: RunningPool) -> None:
    await rolled(pool, away_seconds=AWAY_SECONDS)


async def test_a_killed_worker_s_sessions_open_elsewhere(pool: RunningPool) -> None:
    await killed(pool)


async def test_commands_and_texts_outlive_rabbitmq(pool: RunningPool) -> None:
    await without(pool, pool.rabbit, seconds=OUTAGE_SECONDS)


async def test_commands_and_texts_outlive_redis(pool: RunningPool) -> None:
    await without(pool, pool.redis, seconds=OUTAGE_SECONDS)


@pytest.mark.parametrize("hosts", [False, True], ids=["alone", "with its hosts"])
async def test_a_frozen_worker_is_replaced_and_comes_back_empty(pool: RunningPool, *, hosts: bool) -> None:
    await frozen(pool, 2, hosts=hosts, leases=1)


async def test_no_event_of_all_this_was_lost(pool: RunningPool) -> None:
    await pool.delivered_whole()
