"""The end of the real engine while a host is still about to start: nothing is waited for, nothing stays behind."""

import asyncio
import os
import signal
import tempfile
from pathlib import Path

import pytest

from pombo_worker.engines.baileys.engine import BaileysEngine
from pombo_worker.engines.baileys.hosts import HostLimits
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

STOP_SECONDS = 15.0
"""Half of what a host is given for its start."""


async def test_a_host_that_does_not_get_ready_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    engine = BaileysEngine(HostLimits(sessions=2, memory_mb=512))
    engine.warm()
    (host,) = await eventually(lambda: engine._pool.hosts, what="a host")  # noqa: SLF001 - to freeze it
    await eventually(lambda: host.pid, what="its process")
    pid = host.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert not host.ready
    await asyncio.wait_for(engine.stop(), STOP_SECONDS)
    assert engine._pool.hosts == []  # noqa: SLF001 - the outcome
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert list(tmp_path.iterdir()) == []


async def test_a_host_whose_process_is_not_there_yet_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    engine = BaileysEngine(HostLimits(sessions=2, memory_mb=512))
    engine.warm()
    await eventually(lambda: engine._pool.hosts, what="a host")  # noqa: SLF001 - as soon as its start has begun
    await asyncio.wait_for(engine.stop(), STOP_SECONDS)
    assert engine._pool.hosts == []  # noqa: SLF001 - the outcome
    assert list(tmp_path.iterdir()) == []
