"""Many sessions in three Node hosts, one of which is killed, or hangs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deployment_up import UpDeployment
from tests.support.figures import Figures
from tests.support.host_faults import HostFaults
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient
from tests.support.running import running
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

HOSTS = 3
PER_HOST = int(os.environ.get("POMBO_CHAOS_SESSIONS", "60")) // HOSTS


@pytest.fixture
def three_hosts(tmp_path: Path) -> Iterator[UpDeployment]:
    """Yield a deployment that needs three hosts, with the lease of every day."""
    env = {"POMBO_SESSIONS_PER_HOST": str(PER_HOST), "POMBO_LEASE_SECONDS": "15"}
    with running(UpDeployment(tmp_path, env)) as started:
        yield started


async def test_only_the_sessions_of_a_host_that_fails_reconnect_and_no_message_is_lost(
    three_hosts: UpDeployment, receiver: WebhookReceiver, figures: Figures
) -> None:
    async with PomboClient(three_hosts) as client, Phones(lambda: three_hosts.simulator) as phones:
        faults = HostFaults(three_hosts, client, phones, receiver, per_host=PER_HOST)
        sessions = await faults.open(HOSTS * PER_HOST)
        seconds = {
            "after a garbage frame": await faults.garbage(sessions),
            "after a kill of one host": await faults.kill(sessions),
            "after a stop (SIGSTOP) of one host": await faults.hang(sessions),
        }
    figures.add(
        f"{HOSTS * PER_HOST} sessions in {HOSTS} hosts; seconds until all that were hit are open again",
        [(what, f"{value:.1f}") for what, value in seconds.items()],
    )
