"""Fixtures of the tests on a whole Pombo: one deployment in each mode for the session, and what drives it.

A test that kills a part starts it again; instance names and numbers are fresh, and a test's instances go with it.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.deployment import Deployment, Simulator, standalone_simulator
from tests.support.deployment_apart import ApartDeployment
from tests.support.deployment_up import UpDeployment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient
from tests.support.running import running
from tests.support.sqs_server import SqsServer
from tests.support.version_page import VersionPage
from tests.support.webhook_receiver import WebhookReceiver

BRISK = {
    "POMBO_LEASE_SECONDS": "15",
    "POMBO_RECONNECT_FIRST_DELAY_SECONDS": "0.1",
    "POMBO_RECONNECT_MAX_DELAY_SECONDS": "2",
    "POMBO_PROBE_SECONDS": "4",
    "POMBO_BAILEYS_KEEPALIVE_MS": "2000",
}

SIMULATOR_KEY = "key-of-the-other-simulator"


@pytest.fixture(scope="session")
def other_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Yield a simulator that stands in for WhatsApp itself: WHATSAPP-BAILEYS sessions dial it."""
    with running(standalone_simulator(tmp_path_factory.mktemp("whatsapp"), SIMULATOR_KEY)) as process:
        yield Simulator.at(process.said, SIMULATOR_KEY)


@pytest.fixture(scope="session", params=["up", "apart"])
def deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, other_simulator: Simulator
) -> Iterator[Deployment]:
    """Yield the session's deployment of each mode in turn."""
    folder = tmp_path_factory.mktemp(request.param)
    amqp_url: str = request.getfixturevalue("amqp_url")
    sqs_server: SqsServer = request.getfixturevalue("sqs_server")
    env = {"BAILEYS_SOCKET_URL": other_simulator.socket_url, **sqs_server.env}
    chosen: Deployment
    if request.param == "up":
        chosen = UpDeployment(folder, {**env, "RABBITMQ_URI": amqp_url})
    else:
        redis_url = request.getfixturevalue("redis_url")
        chosen = ApartDeployment(folder, env, redis_url=redis_url, amqp_url=amqp_url)
    with running(chosen) as started:
        yield started


@pytest.fixture(scope="session")
def version_page() -> Iterator[VersionPage]:
    """Yield a page that names a version of WhatsApp Web."""
    with VersionPage() as page:
        yield page


@pytest.fixture(scope="session")
def brisk(
    tmp_path_factory: pytest.TempPathFactory, other_simulator: Simulator, version_page: VersionPage
) -> Iterator[Deployment]:
    """Yield a Pombo in one process whose sessions count in tenths of seconds what others count in seconds."""
    env = {"BAILEYS_SOCKET_URL": other_simulator.socket_url, "POMBO_WEB_VERSION_URL": version_page.url}
    with running(UpDeployment(tmp_path_factory.mktemp("brisk"), BRISK | env)) as started:
        yield started


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    """Yield a webhook receiver."""
    async with WebhookReceiver() as receiver:
        yield receiver


@pytest_asyncio.fixture
async def client(deployment: Deployment) -> AsyncIterator[PomboClient]:
    """Yield a client with the global key."""
    async with PomboClient(deployment) as client:
        yield client


@pytest_asyncio.fixture
async def phones(deployment: Deployment) -> AsyncIterator[Phones]:
    """Yield the phones and contacts of the deployment's sandbox."""
    async with Phones(lambda: deployment.simulator) as phones:
        yield phones
