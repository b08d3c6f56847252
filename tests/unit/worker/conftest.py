"""The world that most tests of the worker live in."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pombo_worker.sessions import backoff, writer
from tests.unit.worker.receiver import Delivering, Receiver, webhook_sink
from tests.unit.worker.trying_store import Clock, TryingStore
from tests.unit.worker.world import World
from tests.unit.worker.world_building import build_world


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the pauses out of reconnecting and of writing again."""
    monkeypatch.setattr(backoff, "delay_before", lambda _attempt, _times: 0.0)
    monkeypatch.setattr(writer, "FIRST_PAUSE", 0.0)


@pytest_asyncio.fixture
async def world(tmp_path: Path, quick: None) -> AsyncIterator[World]:
    clock = Clock(time.time_ns() // 1_000_000)
    store = TryingStore(tmp_path / "pombo.db", clock)
    await store.open()
    made = build_world(store, clock)
    await made.bus.open()
    yield made
    store.away = store.lost_answers = 0
    await made.sessions.end_all()
    await made.bus.close()
    await store.close()


@pytest_asyncio.fixture
async def delivering(world: World) -> AsyncIterator[Delivering]:
    receiver = Receiver()
    await receiver.server.start_server()
    sink = webhook_sink()
    yield Delivering(world, receiver, sink)
    await sink.close()
    await receiver.server.close()
