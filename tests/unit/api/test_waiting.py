"""Waiting for a state whose notification was lost, or while the Store is away for a moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from pombo_api.application import waiting
from pombo_api.application.waiting import Deadline, wait_for_state
from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.model.instance import Live
from pombo_common.ports.changes import Change
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import StoreUnavailable, Watch
from tests.contract.store import examples

pytestmark = pytest.mark.asyncio

LONG = 60.0


class DeafWatch:
    """Hears of nothing."""

    def __init__(self, store: "LossyStore") -> None:
        self._store = store

    async def changed(self, seconds: float) -> bool:
        """Let the change happen meanwhile, and wait in vain."""
        await self._store.open_session()
        await asyncio.sleep(seconds)
        return False


class LossyStore(SqliteStore):
    """A real store whose notifications are lost, and which may be away for some reads."""

    away = 0
    reads = 0
    instance_id = ""

    async def open_session(self) -> None:
        """Change the state that is waited for."""
        await self.apply("a", Change(instance_id=self.instance_id, live=Live(since=2, state="open", phase="open")))

    async def instance(self, name: str) -> StoredInstance | None:
        """Read, unless it is away just now; the first read is answered."""
        self.reads += 1
        if self.reads > 1 and self.away:
            self.away -= 1
            raise StoreUnavailable
        return await super().instance(name)

    @asynccontextmanager
    async def watch(self, name: str) -> AsyncIterator[Watch]:  # noqa: ARG002 - the port's name
        """Watch in vain."""
        yield DeafWatch(self)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[LossyStore]:
    """Yield a store with one closed instance, `a`."""
    store = LossyStore(tmp_path / "pombo.db")
    await store.open()
    store.instance_id = await examples.create(store, "a")
    yield store
    await store.close()


class OneWait(Deadline):
    """Has passed after one wait, however long the looks before and after it take."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self._left = [0.01]

    def remaining(self) -> float:
        """Return the one wait, then nothing."""
        return self._left.pop() if self._left else 0.0


async def state_by(store: LossyStore, deadline: Deadline) -> str | None:
    """Wait until then for an open session; returns the state that was seen last."""
    live = await wait_for_state(store, "a", store.instance_id, deadline, state="open")
    return None if live is None else live.state


async def test_a_change_whose_notification_was_lost_is_seen_all_the_same(
    store: LossyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.05)
    async with asyncio.timeout(10):
        assert await state_by(store, Deadline(LONG)) == "open"


async def test_it_looks_once_more_at_the_deadline(store: LossyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOK_SECONDS", LONG)
    assert await state_by(store, OneWait()) == "open"


async def test_a_store_that_is_away_for_a_moment_does_not_end_the_wait(
    store: LossyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.05)
    store.away = 2
    async with asyncio.timeout(10):
        assert await state_by(store, Deadline(LONG)) == "open"


async def test_a_store_that_is_away_at_the_deadline_leaves_the_state_unknown(store: LossyStore) -> None:
    store.away = 1_000_000
    with pytest.raises(StoreUnavailable):
        await state_by(store, OneWait())
