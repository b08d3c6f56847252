"""Two APIs, three workers and many instances, all in one deployment: one fault after the other, and its figures."""

import os
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.figures import Figures
from tests.support.pool import never_two
from tests.support.pool_faults import frozen, killed, rolled, without
from tests.support.running_pool import RunningPool, running_pool, show
from tests.support.server_binaries import ServerBinaries

pytestmark = pytest.mark.asyncio(loop_scope="module")

INSTANCES = int(os.environ.get("POMBO_CHAOS_INSTANCES", "150"))
OUTAGE_SECONDS = float(os.environ.get("POMBO_CHAOS_OUTAGE_SECONDS", "60"))
LEASE_SECONDS = 15.0
SETTLE_SECONDS = 120.0
AWAY_SECONDS = float(os.environ.get("POMBO_CHAOS_AWAY_SECONDS", "5"))
"""How long a session may be away in a rolling restart; a machine that has other work to do needs more."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    server_binaries: ServerBinaries, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningPool]:
    """Yield the pool of this file."""
    folder = tmp_path_factory.mktemp("pool")
    async with running_pool(
        server_binaries, folder, lease_seconds=LEASE_SECONDS, settle_seconds=SETTLE_SECONDS
    ) as pool:
        yield pool


@pytest.fixture(scope="module")
def shown(running: RunningPool, figures: Figures) -> Iterator[None]:
    """Hand the figures over when all tests of this file have run, also when some failed."""
    yield
    show(figures, running)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(running: RunningPool, shown: None) -> RunningPool:
    """Return the pool with all its instances open, made over REST and plain AMQP."""
    began = time.monotonic()
    await running.create(INSTANCES)
    running.note("sessions of each worker", await running.spread())
    await running.open()
    running.note("all created, linked and open after", f"{time.monotonic() - began:.1f} s")
    return running


@pytest_asyncio.fixture(loop_scope="module")
async def pool(whole: RunningPool) -> RunningPool:
    """Return the pool once it is even and open again, whatever the test before has left."""
    await whole.spread()
    await whole.open()
    return whole


async def test_instances_from_rest_and_amqp_are_spread_evenly_and_never_have_two_sockets(pool: RunningPool) -> None:
    await never_two(pool.phones, pool.numbers)


async def test_a_killed_worker_s_sessions_open_elsewhere(pool: RunningPool) -> None:
    await killed(pool)


async def test_a_worker_frozen_without_its_hosts_writes_nothing_more(pool: RunningPool) -> None:
    await frozen(pool, 2, hosts=False, leases=3)


async def test_a_rolling_restart_fails_no_command(pool: RunningPool) -> None:
    await rolled(pool, away_seconds=AWAY_SECONDS)


async def test_commands_and_texts_outlive_rabbitmq(pool: RunningPool) -> None:
    await without(pool, pool.rabbit, seconds=OUTAGE_SECONDS)


async def test_commands_and_texts_outlive_redis(pool: RunningPool) -> None:
    await without(pool, pool.redis, seconds=OUTAGE_SECONDS)


async def test_a_worker_frozen_with_its_hosts_is_replaced_and_comes_back_empty(pool: RunningPool) -> None:
    await frozen(pool, 0, hosts=True, leases=3)


async def test_no_event_of_all_this_was_lost(pool: RunningPool) -> None:
    await pool.delivered_whole()
