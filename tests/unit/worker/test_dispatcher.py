"""When deliveries run: on a wake-up, once more for one that came meanwhile, when a retry is due, and by the sweep."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from pombo_common.ports.bus import Wakeup
from pombo_common.ports.deliveries import DueLog
from pombo_common.ports.store import StoreUnavailable
from pombo_worker.delivery import dispatcher as dispatching
from pombo_worker.delivery.deliverer import Deliverer, HostCrowded, Round
from pombo_worker.delivery.dispatcher import Dispatcher
from pombo_worker.delivery.turn import PER_HOST, QUICK, Turn
from tests.support.waiting import eventually
from tests.unit.worker.receiver import Delivering, wakeup_of
from tests.unit.worker.trying_store import TryingStore

pytestmark = pytest.mark.asyncio

HOUR = 3600.0


@pytest_asyncio.fixture
async def dispatcher(delivering: Delivering) -> AsyncIterator[Dispatcher]:
    made = Dispatcher(delivering.world.store, delivering.deliverer, HOUR)
    yield made
    await made.stop()


async def arrived(delivering: Delivering, *seqs: int) -> None:
    """Wait until exactly these deliveries have come."""
    await eventually(lambda: len(delivering.receiver.seqs) >= len(seqs), what=f"deliveries {seqs}")
    assert delivering.receiver.seqs == list(seqs)


async def test_a_wakeup_during_a_delivery_makes_it_look_once_more(
    delivering: Delivering, dispatcher: Dispatcher
) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, "call")
    open_gate = asyncio.Event()

    async def gate() -> None:
        await open_gate.wait()

    delivering.receiver.before = gate
    await dispatcher.wake(wakeup_of(stored))
    await arrived(delivering, 1)
    await delivering.append(stored, "call")
    for _ in range(5):
        await dispatcher.wake(wakeup_of(stored))
    open_gate.set()
    await arrived(delivering, 1, 2)


async def test_two_destinations_do_not_wait_for_each_other(delivering: Delivering, dispatcher: Dispatcher) -> None:
    slow, quick = await delivering.instance("slow"), await delivering.instance("quick")
    open_gate = asyncio.Event()

    async def gate() -> None:
        if delivering.receiver.bodies[-1]["instance"] == "slow":
            await open_gate.wait()

    delivering.receiver.before = gate
    for stored in (slow, quick):
        await delivering.append(stored, "call", "call")
        await dispatcher.wake(wakeup_of(stored))
    await eventually(
        lambda: [body["instance"] for body in delivering.receiver.bodies].count("quick") == 2, what="the quick one"
    )
    assert [body["instance"] for body in delivering.receiver.bodies].count("slow") == 1
    open_gate.set()


async def test_a_failed_event_is_tried_again_when_its_wait_is_over(
    delivering: Delivering, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, "call")
    delivering.receiver.answers.append((500, {}))
    await dispatcher.wake(wakeup_of(stored))
    await retry_arranged(dispatcher)
    # Wake-ups for later events change nothing about it.
    await dispatcher.wake(wakeup_of(stored))
    delivering.world.clock.advance(60)
    fire(dispatcher, wakeup_of(stored))
    await arrived(delivering, 1, 1)


async def test_a_wakeup_during_a_delivery_that_fails_does_not_lose_the_retry(
    delivering: Delivering, dispatcher: Dispatcher
) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, "call")
    delivering.receiver.answers.append((500, {}))

    async def wake() -> None:
        await dispatcher.wake(wakeup_of(stored))

    delivering.receiver.before = wake
    await dispatcher.wake(wakeup_of(stored))
    await retry_arranged(dispatcher)
    assert delivering.receiver.seqs == [1]


async def retry_arranged(dispatcher: Dispatcher) -> None:
    """Wait until nothing runs and a retry is arranged."""
    await eventually(lambda: dispatcher._timers and not dispatcher._running, what="the arranged retry")  # noqa: SLF001


def fire(dispatcher: Dispatcher, wakeup: Wakeup) -> None:
    """Let a retry's time come now."""
    timer = dispatcher._timers[wakeup]  # noqa: SLF001 - the test is the clock
    timer.cancel()
    dispatcher._due(wakeup)  # noqa: SLF001


async def test_the_sweep_finds_what_nobody_was_woken_for(delivering: Delivering) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, "call")
    dispatcher = Dispatcher(delivering.world.store, delivering.deliverer, 0.02)
    sweeping = asyncio.create_task(dispatcher.run())
    await arrived(delivering, 1)
    await delivering.append(stored, "call")
    await arrived(delivering, 1, 2)
    sweeping.cancel()
    await asyncio.wait([sweeping])
    await dispatcher.stop()


async def test_the_sweep_outlives_an_outage(delivering: Delivering, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, "call")
    outages = [1, 2, 3]
    due = delivering.world.store.due

    async def flaky(_: TryingStore) -> list[DueLog]:
        if outages:
            outages.pop()
            raise StoreUnavailable
        return await due()

    monkeypatch.setattr(TryingStore, "due", flaky)
    monkeypatch.setattr(delivering.world.store, "due", flaky.__get__(delivering.world.store))
    dispatcher = Dispatcher(delivering.world.store, delivering.deliverer, 0.01)
    due = super(TryingStore, delivering.world.store).due
    sweeping = asyncio.create_task(dispatcher.run())
    await arrived(delivering, 1)
    assert outages == []
    sweeping.cancel()
    await asyncio.wait([sweeping])
    await dispatcher.stop()


class Counting(Deliverer):
    """A deliverer that only counts how many of it run."""

    def __init__(self) -> None:
        self.running = self.most = self.done = 0
        self.gate = asyncio.Event()

    async def host(self, wakeup: Wakeup) -> str | None:
        """Return what the tests name hosts by."""
        return wakeup.instance_id

    async def deliver(self, wakeup: Wakeup, turn: Turn, woken: Callable[[], bool]) -> Round:
        """Wait for the gate."""
        self.running += 1
        self.most = max(self.most, self.running)
        woken()
        if not turn.move(wakeup.instance_id):
            self.running -= 1
            raise HostCrowded(wakeup.instance_id)
        await self.gate.wait()
        self.running -= 1
        self.done += 1
        if self.done == 1:
            raise ZeroDivisionError("one destination's fault")
        return Round()


async def test_many_run_at_once_within_a_bound_and_a_fault_stays_alone(delivering: Delivering) -> None:
    counting = Counting()
    dispatcher = Dispatcher(delivering.world.store, counting, HOUR)
    many = QUICK + 20
    for number in range(many):
        await dispatcher.wake(Wakeup(name=f"i{number}", instance_id=f"host {number}", destination="webhook"))
    await eventually(lambda: counting.running == QUICK, what="a full house")
    counting.gate.set()
    await eventually(lambda: counting.done == many, what="all of them")
    assert counting.most == QUICK
    await dispatcher.stop()


async def test_a_crowded_host_costs_the_others_nothing(delivering: Delivering) -> None:
    counting = Counting()
    counting.done = 1
    dispatcher = Dispatcher(delivering.world.store, counting, HOUR)
    many = QUICK + 50
    for number in range(many):
        await dispatcher.wake(Wakeup(name=f"i{number}", instance_id="dead", destination="webhook"))
    await eventually(lambda: counting.running == PER_HOST, what="a full host")
    await dispatcher.wake(Wakeup(name="i", instance_id="healthy", destination="webhook"))
    await eventually(lambda: counting.running == PER_HOST + 1, what="the healthy one's turn")
    counting.gate.set()
    await eventually(lambda: counting.done == many + 2, what="all of them, each once")
    assert counting.most == PER_HOST + 1
    await dispatcher.stop()


async def test_what_stepped_aside_is_tried_when_its_time_has_come_and_an_early_wakeup_is_heard(
    delivering: Delivering, dispatcher: Dispatcher
) -> None:
    stored = await delivering.instance()
    await delivering.append(stored, "call")
    delivering.receiver.answers.append((500, {"Retry-After": "120"}))
    await dispatcher.wake(wakeup_of(stored))
    await retry_arranged(dispatcher)
    aside = wakeup_of(stored, aside=True)
    delivering.world.clock.advance(130)
    await dispatcher.wake(aside)
    await arrived(delivering, 1, 1)
    await eventually(lambda: not dispatcher._running, what="the end of the delivery")  # noqa: SLF001
    assert aside not in dispatcher._timers  # noqa: SLF001
    assert await delivering.world.store.due() == []


async def test_a_wakeup_that_comes_after_the_last_look_is_not_forgotten(delivering: Delivering) -> None:
    counting, wakeup = Counting(), Wakeup(name="i", instance_id="x", destination="webhook")
    dispatcher = Dispatcher(delivering.world.store, counting, HOUR)
    await dispatcher.wake(wakeup)
    await eventually(lambda: counting.running == 1, what="a running delivery")
    await dispatcher.wake(wakeup)
    await dispatcher.wake(wakeup)
    counting.gate.set()
    await eventually(lambda: counting.done == 2, what="the second look")
    assert counting.most == 1
    await dispatcher.stop()
    assert counting.done == 2


async def test_stopping_ends_deliveries_that_wait(delivering: Delivering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatching, "STOP_SECONDS", 0.05)
    counting = Counting()
    dispatcher = Dispatcher(delivering.world.store, counting, HOUR)
    await dispatcher.wake(Wakeup(name="i", instance_id="x", destination="webhook"))
    await eventually(lambda: counting.running == 1, what="a running delivery")
    await asyncio.wait_for(dispatcher.stop(), 5)
    assert counting.done == 0
