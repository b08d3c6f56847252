"""The simulator as our child: started when it is needed, at the same port again, and gone with us."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from pombo import simulator as simulator_module
from pombo.simulator import SimulatorProcess, simulator_command
from pombo_common.model.errors import PomboError
from pombo_worker.engines.port import EngineUnavailable
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

KEY = "control-key"


@pytest_asyncio.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[SimulatorProcess]:
    made = SimulatorProcess(tmp_path / "sandbox.db", KEY, None)
    yield made
    await made.stop()


def pid_of(simulator: SimulatorProcess) -> int:
    """Return its process."""
    process = simulator._process  # noqa: SLF001 - to kill it
    assert process is not None
    return process.pid


async def healthy(url: str, key: str) -> int:
    """Return the status of its health route."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/control/health", headers={"x-sandbox-key": key}) as answer,
    ):
        return answer.status


async def test_it_starts_when_needed_and_again_at_the_same_port_after_a_crash(simulator: SimulatorProcess) -> None:
    first = await simulator.endpoint()
    assert await healthy(first.url, first.key) == 200
    assert await healthy(first.url, "wrong") == 401
    pid = pid_of(simulator)
    assert await simulator.endpoint() == first
    assert pid_of(simulator) == pid
    os.kill(pid, signal.SIGKILL)
    process = simulator._process  # noqa: SLF001 - its end is noticed by the loop
    await eventually(lambda: process is not None and process.returncode is not None, what="the crash")
    assert await simulator.endpoint() == first
    assert await healthy(first.url, first.key) == 200
    again = pid_of(simulator)
    await simulator.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(again, 0)
    await simulator.stop()


async def test_what_keeps_it_from_starting_is_said(
    simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: str) -> Path:
        raise EngineUnavailable("the npm package is not installed")

    monkeypatch.setattr(simulator_module, "find_package", missing)
    with pytest.raises(PomboError, match="the npm package is not installed") as caught:
        await simulator.endpoint()
    assert (caught.value.info.status, caught.value.info.code) == (503, "sandbox_unavailable")


async def test_a_state_that_cannot_be_written_is_an_answer_and_no_hang(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    simulator = SimulatorProcess(tmp_path / "file" / "sandbox", KEY, None)
    with pytest.raises(PomboError) as caught:
        await simulator.endpoint()
    assert caught.value.info.status == 503


async def test_the_key_is_not_on_the_command_line(tmp_path: Path) -> None:
    command = simulator_command("127.0.0.1", 0, tmp_path / "s.db", None)
    assert KEY not in " ".join(command)
    assert command[2:] == ["--host", "127.0.0.1", "--port", "0", "--data", str(tmp_path / "s.db")]
