"""What a worker does again and again goes on after any error, and what it says of one tells no secret."""

from collections.abc import Callable

import pytest
import structlog

from pombo_common.ports.store import StoreUnavailable
from pombo_worker.delivery import reconciling
from pombo_worker.delivery.cleanup import Cleanup
from pombo_worker.delivery.dispatcher import Dispatcher
from pombo_worker.delivery.reconciling import Reconciliation
from pombo_worker.repeating import repeat
from pombo_worker.sessions import adoption, hand_over, pool
from pombo_worker.sessions.hand_over import HandOver
from pombo_worker.sessions.leases import LeaseKeeper
from tests.support.waiting import eventually
from tests.unit.worker.receiver import Delivering
from tests.unit.worker.trying_store import TryingStore
from tests.unit.worker.world_building import Runs, adopter, running

pytestmark = pytest.mark.asyncio

QUICK = 0.03
FAILURES = 2

PARTS: dict[str, tuple[str, Callable[[Delivering], Runs]]] = {
    "pool": ("beat", lambda it: it.world.pool),
    "adoption": ("abandoned", lambda it: adopter(it.world, QUICK)),
    "hand-over": (
        "workers",
        lambda it: HandOver(
            it.world.store,
            it.world.sessions,
            pool=it.world.pool,
            turns=it.world.turns,
            lease_seconds=QUICK,
            drain_seconds=1.0,
        ),
    ),
    "leases": ("parts", lambda it: LeaseKeeper(it.world.store, it.world.sessions, QUICK)),
    "delivery sweep": ("due", lambda it: Dispatcher(it.world.store, it.deliverer, QUICK)),
    "cleanup": ("footprints", lambda it: Cleanup(it.world.store, {}, QUICK)),
    "global destinations": ("instances", lambda it: Reconciliation(it.world.store, it.world.destinations)),
}
"""What runs for as long as a worker does, with the method of the Store that its rounds begin with."""


@pytest.fixture
def quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the pauses out that no argument sets."""
    monkeypatch.setattr(pool, "BEAT_SECONDS", QUICK)
    monkeypatch.setattr(reconciling, "RETRY_SECONDS", QUICK)
    for module in (adoption, hand_over):
        monkeypatch.setattr(module, "ROUND_SECONDS", QUICK)


def failing(store: TryingStore, method: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a method of the store fail a few times in a way that nobody foresees; returns a list of its calls."""
    real, calls = getattr(store, method), []

    def flaky(*given: object) -> object:
        calls.append(method)
        if len(calls) <= FAILURES:
            raise RuntimeError("TOKEN-shop")
        return real(*given)

    monkeypatch.setattr(store, method, flaky)
    return calls


@pytest.mark.usefixtures("quick_rounds")
@pytest.mark.parametrize("part", PARTS)
async def test_it_goes_on_after_any_error(part: str, delivering: Delivering, monkeypatch: pytest.MonkeyPatch) -> None:
    method, make = PARTS[part]
    calls = failing(delivering.world.store, method, monkeypatch)
    with structlog.testing.capture_logs() as logs:
        async with running(make(delivering)):
            await eventually(lambda: len(calls) > FAILURES, what="a round after those that failed")
    broken = [entry for entry in logs if entry["event"].endswith(".broken")]
    assert [entry["error"] for entry in broken] == ["RuntimeError"] * FAILURES
    assert all(".py:" in entry["at"] for entry in broken)
    assert "TOKEN" not in str(logs)


@pytest.mark.usefixtures("quick_rounds")
async def test_a_worker_that_stops_gets_over_a_hand_over_that_fails(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(delivering.world.store, "beat", monkeypatch)
    part = PARTS["hand-over"][1](delivering)
    assert isinstance(part, HandOver)
    await part.drain()
    assert delivering.world.pool.draining


async def test_it_ends_when_the_work_is_done_and_tells_a_store_that_is_away_apart() -> None:
    answers: list[float | Exception | None] = [StoreUnavailable("no"), 0.0, None]

    async def work() -> float | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with structlog.testing.capture_logs() as logs:
        await repeat("it", work, retry=0.0)
    assert answers == []
    assert [entry["event"] for entry in logs] == ["it.store_away"]
