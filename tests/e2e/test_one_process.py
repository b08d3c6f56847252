"""`pombo up` as a process: its data folder, its end, and what it says when it cannot reach WhatsApp."""

import asyncio
import re
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from pombo_common.config import Config
from tests.support.deployment import ADDRESS
from tests.support.deployment_up import UpDeployment
from tests.support.node_inspector import block_forever
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.pombo_process import PomboProcess
from tests.support.ports import free_port
from tests.support.process_cost import cost_of
from tests.support.running import running
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

SECOND_START_SECONDS = 6.0
"""Of a processor, which other work on the machine does not stretch; twice the promise, for a slow processor."""

REDIAL_SECONDS = 60.0
"""The longest pause before the second dial. What failed is said during it, and not while a dial is under way."""


@pytest.fixture
def connect_seconds() -> float:
    """Return how long create and connect wait for a QR code; the default, which a test may override."""
    return Config().connect_seconds


@pytest.fixture
def redial_seconds() -> float:
    """Return the longest pause before a second dial; the default, which a test may override."""
    return Config().reconnect_first_delay


@pytest.fixture
def alone(tmp_path: Path, connect_seconds: float, redial_seconds: float) -> Iterator[UpDeployment]:
    """Yield a `pombo up` of this test's own; nothing listens where its WHATSAPP-BAILEYS sessions dial."""
    env = {
        "BAILEYS_SOCKET_URL": f"ws://127.0.0.1:{free_port()}/ws/chat",
        "POMBO_CONNECT_SECONDS": str(connect_seconds),
        "POMBO_RECONNECT_FIRST_DELAY_SECONDS": str(redial_seconds),
        "NODE_OPTIONS": "--inspect=127.0.0.1:0",
    }
    with running(UpDeployment(tmp_path, env)) as started:
        yield started


@pytest_asyncio.fixture
async def its_client(alone: UpDeployment) -> AsyncIterator[PomboClient]:
    """Yield a client of it."""
    async with PomboClient(alone) as client:
        yield client


@pytest.mark.parametrize(("connect_seconds", "redial_seconds"), [(6.0, REDIAL_SECONDS)])
async def test_with_no_way_to_whatsapp_create_answers_201_and_connect_504_and_both_say_why(
    its_client: PomboClient,
) -> None:
    assert Config().connect_seconds <= 20.0
    first, name = fresh_name("first"), fresh_name("unreached")
    # The first session also waits for the engine's process; what is asked here begins once that one runs.
    await its_client.create(first, integration="WHATSAPP-BAILEYS", qrcode=False)

    async def said() -> bool:
        return "WhatsApp cannot be reached" in (await its_client.call("GET", f"/instance/connect/{first}")).text

    await eventually(said, seconds=60, what="the first one says why")
    answer = await its_client.try_create(name, integration="WHATSAPP-BAILEYS")
    assert answer.status_code == 201, answer.text
    created = answer.json()
    why = created["qrcode"].pop("message")
    assert created["qrcode"] == {"pairingCode": None, "code": None, "base64": None, "count": 0}
    assert "WhatsApp cannot be reached" in why
    answer = await its_client.call("GET", f"/instance/connect/{name}")
    assert answer.status_code == 504
    assert answer.json()["response"] == {"message": [why]}


async def test_ctrl_c_ends_everything_in_five_seconds_and_a_second_start_is_ready_in_three(
    alone: UpDeployment, its_client: PomboClient
) -> None:
    name = fresh_name("stopped")
    await its_client.create(name)
    await its_client.scan(name, fresh_number())
    assert len(alone.worker.children) >= 2, "host and simulator run"
    await asyncio.to_thread(alone.worker.interrupt)
    await alone.start_worker()
    assert cost_of([alone.worker.pid]).processor < SECOND_START_SECONDS
    await its_client.wait_for(name, "open")


async def test_a_killed_process_takes_a_blocked_host_with_it(alone: UpDeployment, its_client: PomboClient) -> None:
    name = fresh_name("blocked")
    await its_client.create(name)
    inspectors = re.findall(r"Debugger listening on (ws://\S+)", alone.output())
    blocked = await asyncio.gather(*(block_forever(url) for url in inspectors))
    assert blocked.count(True) == len(alone.worker.children) == 2, "host and simulator are blocked"
    # Kills, and fails when a child is alive five seconds later.
    await alone.kill_worker()
    await alone.start_worker()


async def test_a_second_process_on_the_same_data_folder_is_refused_with_a_clear_message(
    alone: UpDeployment, its_client: PomboClient, tmp_path: Path
) -> None:
    second = PomboProcess(
        ["up"], env={**alone.env, "POMBO_DATA_DIR": str(alone.data)}, folder=tmp_path / "second", ready=ADDRESS
    )
    with pytest.raises(RuntimeError, match="ended at its start"):
        await asyncio.to_thread(second.start)
    said = second.log.read_text()
    assert said.startswith(f"pombo: another Pombo already runs on {alone.data}")
    assert said.count("\n") == 1
    assert await its_client.state("nobody") is None


async def test_generated_keys_are_kept_for_their_owner_alone_and_used_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    env = {"POMBO_DATA_DIR": str(data), "SERVER_PORT": "0"}
    process = PomboProcess(["up"], env=env, folder=tmp_path / "up", ready=r"key      (\S+)  \(kept in[^\0]*Ctrl-C")
    try:
        await asyncio.to_thread(process.start)
        key = process.said
        assert (data / "api-key").read_text().strip() == key
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        for name in ("api-key", "encryption-key", "pombo.db"):
            assert stat.S_IMODE((data / name).stat().st_mode) == 0o600, name
        await asyncio.to_thread(process.interrupt)
        await asyncio.to_thread(process.start)
        assert process.said == key
        await eventually(lambda: process.running, what="it runs")
    finally:
        await asyncio.to_thread(process.stop)
