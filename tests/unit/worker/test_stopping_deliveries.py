"""A worker that stops lets what is being sent arrive, and leaves the rest to others at once, without claims."""

import asyncio
from collections.abc import Callable

import pytest

from pombo_common.ports.bus import Wakeup
from pombo_common.ports.deliveries import Claim
from pombo_common.ports.store import StoreUnavailable
from pombo_worker.delivery import dispatcher
from pombo_worker.delivery.dispatcher import Dispatcher
from tests.support.waiting import eventually
from tests.unit.worker.receiver import Delivering, wakeup_of
from tests.unit.worker.trying_store import TryingStore

pytestmark = pytest.mark.asyncio

HOUR = 3600.0
CALL = "call"


def dispatching(delivering: Delivering) -> Dispatcher:
    """Return one more worker's dispatcher."""
    return Dispatcher(delivering.world.store, delivering.deliverer, HOUR)


def gated(delivering: Delivering, number: int) -> asyncio.Event:
    """Let the receiver's answer to its so manieth delivery wait for a gate."""
    gate = asyncio.Event()

    async def wait() -> None:
        if len(delivering.receiver.seqs) == number:
            await gate.wait()

    delivering.receiver.before = wait
    return gate


def came(delivering: Delivering, count: int) -> Callable[[], bool]:
    """Tell whether so many deliveries came."""
    return lambda: len(delivering.receiver.seqs) >= count


async def the_next_worker_brings(delivering: Delivering, wakeup: Wakeup, count: int) -> list[int]:
    """Wake another worker, at the same moment of the Store's clock; returns all seqs that came."""
    delivering.receiver.before = None
    another = dispatching(delivering)
    await another.wake(wakeup)
    await eventually(came(delivering, count), what="what the first worker left")
    await another.stop()
    return delivering.receiver.seqs


async def test_what_is_being_sent_arrives_and_the_rest_is_the_next_workers_at_once(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "STOP_SECONDS", 60.0)
    stored, first = await delivering.instance(), dispatching(delivering)
    await delivering.append(stored, *[CALL] * 4)
    gate = gated(delivering, 2)
    await first.wake(wakeup_of(stored))
    await eventually(came(delivering, 2), what="the second delivery")
    stopping = asyncio.create_task(first.stop())
    await asyncio.sleep(0)
    await first.wake(wakeup_of(stored))
    gate.set()
    await stopping
    assert delivering.receiver.seqs == [1, 2]
    assert await the_next_worker_brings(delivering, wakeup_of(stored), 4) == [1, 2, 3, 4]


@pytest.mark.parametrize("aside", [False, True])
async def test_a_receiver_that_hangs_does_not_hold_up_the_stop_and_its_claim_ends(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch, *, aside: bool
) -> None:
    monkeypatch.setattr(dispatcher, "STOP_SECONDS", 0.05)
    stored, first = await delivering.instance(), dispatching(delivering)
    await delivering.append(stored, *[CALL] * 3)
    before = 1
    if aside:
        delivering.receiver.answers.extend([(500, {"Retry-After": "60"}), (200, {}), (200, {})])
        assert await delivering.deliver(stored) is not None
        delivering.world.clock.advance(60)
        await delivering.deliver(stored)
        before = 3
    gate = gated(delivering, before + 1)
    await first.wake(wakeup_of(stored, aside=aside))
    await eventually(came(delivering, before + 1), what="the delivery that hangs")
    await asyncio.wait_for(first.stop(), 60)
    gate.set()
    # What had arrived before is settled; what hung comes again.
    expected = [1, 2, 3, 1, 1] if aside else [1, 2, 2, 3]
    assert await the_next_worker_brings(delivering, wakeup_of(stored, aside=aside), len(expected)) == expected


async def test_a_wakeup_after_an_outage_of_the_store_is_heard(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, first = await delivering.instance(), dispatching(delivering)
    await delivering.append(stored, CALL)
    asked = []

    async def away(*_: object) -> Claim | None:
        asked.append(1)
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(TryingStore, "claim", away, raising=False)
        await first.wake(wakeup_of(stored))
        await eventually(lambda: asked and not first._running, what="the round that found no Store")  # noqa: SLF001
    await first.wake(wakeup_of(stored))
    await eventually(came(delivering, 1), what="the delivery")
    await first.stop()
