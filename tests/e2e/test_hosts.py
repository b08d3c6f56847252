"""Sessions in three Node hosts: what befalls one host, or one session, is not felt in the others."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.deployment import LONG_LEASES
from tests.support.deployment_up import UpDeployment
from tests.support.host_faults import HostFaults
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient
from tests.support.running import running
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

PER_HOST = 2
HOSTS = 3


@pytest.fixture
def small_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpDeployment]:
    """Yield a deployment whose hosts are soon full."""
    env = {**LONG_LEASES, "POMBO_SESSIONS_PER_HOST": str(PER_HOST)}
    with running(UpDeployment(tmp_path_factory.mktemp("hosts"), env)) as started:
        yield started


@pytest_asyncio.fixture
async def faults(small_hosts: UpDeployment, receiver: WebhookReceiver) -> AsyncIterator[HostFaults]:
    """Yield what does harm to its hosts."""
    async with PomboClient(small_hosts) as client, Phones(lambda: small_hosts.simulator) as phones:
        yield HostFaults(small_hosts, client, phones, receiver, per_host=PER_HOST)


async def test_garbage_a_kill_and_a_hang_cost_their_own_sessions_one_reconnect_and_no_message(
    faults: HostFaults,
) -> None:
    sessions = await faults.open(PER_HOST * HOSTS)
    await faults.garbage(sessions)
    await faults.kill(sessions)
    await faults.hang(sessions)
