"""The world that most tests of the worker live in."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pombo_worker.commands import consumer
from pombo_worker.delivery import line_round, turn
from pombo_worker.sessions import adoption, backoff, writer
from tests.unit.worker.receiver import Delivering, Receiver, webhook_sink
from tests.unit.worker.trying_store import Clock, TryingStore
from tests.unit.worker.world import World
from tests.unit.worker.world_building import build_world


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the pauses out of what a test waits for, and let no command be put off because the machine is slow."""
    monkeypatch.setattr(backoff, "delay_before", lambda _attempt, _times: 0.0)
    monkeypatch.setattr(writer, "FIRST_PAUSE", 0.0)
    # A look that was slow would be followed by a pause of four times as long.
    monkeypatch.setattr(adoption, "LOOKING_PART", 1.0)
    monkeypatch.setattr(consumer, "TURN_SECONDS", 30.0)


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
async def delivering(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Delivering]:
    # The world's clock stands still; those that run beside it would end a round early on a slow machine.
    monkeypatch.setattr(turn, "LONG_SECONDS", 3600.0)
    monkeypatch.setattr(line_round, "ROUND_SECONDS", 3600.0)
    receiver = Receiver()
    await receiver.server.start_server()
    sink = webhook_sink()
    yield Delivering(world, receiver, sink)
    await sink.close()
    await receiver.server.close()
