"""A writing process is killed: the file stays whole and holds every write that was acknowledged."""

import asyncio
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from pombo_common.adapters.sqlite import SqliteStore
from tests.contract.store.examples import create

pytestmark = pytest.mark.asyncio

WRITING = Path(__file__).with_name("sqlite_writing.py")
DEADLINE = 30


async def acknowledged_until_killed(path: Path, instance_id: str, count: int) -> list[str]:
    """Let the process write until it has acknowledged so many, kill it, and return all it acknowledged."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(WRITING), str(path), instance_id, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    marks: list[str] = []
    try:
        async with asyncio.timeout(DEADLINE):
            while len(marks) < count:
                marks.append((await process.stdout.readline()).decode().strip())
            process.send_signal(signal.SIGKILL)
            rest = (await process.stdout.read()).decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    # The last line may have been cut off by the kill.
    return marks + rest.split("\n")[:-1]


async def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = SqliteStore(path, log_limit=1_000_000)
    await store.open()
    instance_id = await create(store, "a")
    await store.close()
    acknowledged: set[str] = set()
    for life in range(3):
        marks = await acknowledged_until_killed(path, instance_id, 100 + 50 * life)
        acknowledged = {f"{life} {mark}" for mark in marks}
        await store.open()
        log = await store.events("a", instance_id, 0, 1_000_000)
        creds = await store.creds("a", instance_id)
        await store.close()
        assert [entry.seq for entry in log] == list(range(1, len(log) + 1))
        assert acknowledged <= {f"{life} {entry.id}" for entry in log}
        assert creds == log[-1].id.encode()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
