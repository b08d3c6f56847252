"""Fixtures of the tests on a whole Pombo: one deployment in each mode for the session, and what drives it.

A test that kills a part starts it again; instance names and numbers are fresh, and a test's instances go with it.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.deployment import LONG_LEASES, Deployment, Mode, Simulator, standalone_simulator
from tests.support.deployment_apart import ApartDeployment
from tests.support.deployment_up import UpDeployment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient
from tests.support.running import running
from tests.support.sqs_server import SqsServer
from tests.support.version_page import VersionPage
from tests.support.webhook_receiver import WebhookReceiver

BRISK = {
    **LONG_LEASES,
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


@pytest.fixture(scope="session")
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, other_simulator: Simulator
) -> Iterator[Callable[[Mode], Deployment]]:
    """Yield what starts the session's deployment of a mode when it is first asked for; both run until the end."""
    with contextlib.ExitStack() as stack:
        known: dict[Mode, Deployment] = {}

        def of(mode: Mode) -> Deployment:
            if mode not in known:
                made = _made(request, mode, tmp_path_factory.mktemp(mode), other_simulator)
                known[mode] = stack.enter_context(running(made))
            return known[mode]

        yield of


def _made(request: pytest.FixtureRequest, mode: Mode, folder: Path, whatsapp: Simulator) -> Deployment:
    amqp_url: str = request.getfixturevalue("amqp_url")
    sqs_server: SqsServer = request.getfixturevalue("sqs_server")
    env = {"BAILEYS_SOCKET_URL": whatsapp.socket_url, **sqs_server.env, **_globally(mode)}
    if mode == "up":
        return UpDeployment(folder, {**env, "RABBITMQ_URI": amqp_url})
    return ApartDeployment(folder, env, redis_url=request.getfixturevalue("redis_url"), amqp_url=amqp_url)


def _globally(prefix: str) -> dict[str, str]:
    """Return the variables that have one kind of event of all instances go to global queues of this prefix."""
    return {
        "RABBITMQ_GLOBAL_ENABLED": "true",
        "RABBITMQ_EXCHANGE_NAME": f"{prefix}-all",
        "RABBITMQ_PREFIX_KEY": prefix,
        "RABBITMQ_EVENTS_INSTANCE_DELETE": "true",
        "SQS_GLOBAL_ENABLED": "true",
        "SQS_GLOBAL_PREFIX_NAME": prefix,
        "SQS_GLOBAL_INSTANCE_DELETE": "true",
    }


@pytest.fixture(params=["up", "apart"])
def deployment(request: pytest.FixtureRequest, started: Callable[[Mode], Deployment]) -> Deployment:
    """Return the session's deployment of each mode in turn."""
    return started(request.param)


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
