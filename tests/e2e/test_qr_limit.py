"""QR codes that nobody scans: counted, shown with their end, and over after the last one."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime

import pytest
import pytest_asyncio

from tests.support.deployment import LONG_LEASES, Deployment
from tests.support.deployment_up import UpDeployment
from tests.support.pombo_client import PomboClient, fresh_name
from tests.support.running import running
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

LIMIT = 3
QR_SECONDS = 5.0
"""Each code must reach the webhook before the next one takes its place."""

PATIENCE = 120.0
ENV = {**LONG_LEASES, "QRCODE_LIMIT": str(LIMIT), "POMBO_QR_SECONDS": str(QR_SECONDS)}


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Yield a Pombo whose codes are few and short."""
    with running(UpDeployment(tmp_path_factory.mktemp("hasty"), ENV)) as started:
        yield started


@pytest_asyncio.fixture
async def hurried(hasty: Deployment) -> AsyncIterator[PomboClient]:
    """Yield its client."""
    async with PomboClient(hasty) as client:
        yield client


async def test_after_the_last_code_it_is_closed_says_so_once_and_then_nothing(
    hurried: PomboClient, receiver: WebhookReceiver
) -> None:
    name = fresh_name("unscanned")
    created = await hurried.create(name, webhook=receiver.url)
    ends = datetime.fromisoformat(created["qrcode"]["expiresAt"])
    await eventually(
        lambda: any(told.data["state"] == "close" for told in receiver.of(name, "connection.update")),
        seconds=PATIENCE,
        what="the close",
    )
    codes = [told.data["qrcode"] for told in receiver.first(name, "qrcode.updated")]
    assert [code["count"] for code in codes] == [1, 2, 3]
    times = [datetime.fromisoformat(code["expiresAt"]) for code in codes]
    assert times[0] == ends
    assert times == sorted(times)
    assert receiver.first(name)[-1].data == {
        "instance": name,
        "state": "close",
        "statusReason": 428,
        "reason": "qr-limit",
        "willReconnect": False,
    }
    said = len(receiver.of(name))
    # Where nothing is to come, another's codes tell the time: two more of them, and this one would have had its next.
    witness = fresh_name("witness")
    await hurried.create(witness, webhook=receiver.url)
    await eventually(
        lambda: len(receiver.of(witness, "qrcode.updated")) >= LIMIT,
        seconds=PATIENCE,
        what="the witness's codes",
    )
    assert len(receiver.of(name)) == said
    shown = (await hurried.call("GET", f"/instance/connectionState/{name}")).json()["instance"]
    assert (shown["state"], shown["phase"], shown["reason"]) == ("close", "stopped", "qr-limit")
    afresh = await hurried.connect(name)
    assert (afresh["count"], afresh["code"] in [code["code"] for code in codes]) == (1, False)
