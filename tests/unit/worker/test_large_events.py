"""Large events: no more of them are in memory at once than a bound of bytes, and all of them are delivered."""

from collections.abc import Sequence

import pytest

from pombo_common.adapters.sqlite import log
from pombo_common.model.events import LoggedEvent
from pombo_common.ports import deliveries
from pombo_common.ports.records import StoredInstance
from pombo_worker.delivery import line_round
from pombo_worker.delivery.destination_settings import WebhookDestination
from pombo_worker.delivery.sink import Delivery, Outcome
from tests.unit.worker.receiver import Delivering, deliver, wakeup_of

pytestmark = pytest.mark.asyncio

EVENTS = 30
A_READ = 8
"""Events that one read hands out here."""

SIZE = 49
"""Bytes of an event here, or one more."""


@pytest.fixture
def few_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bound of bytes be A_READ events of these tests."""
    for module in (log, deliveries, line_round):
        monkeypatch.setattr(module, "READ_BYTES", A_READ * SIZE)


class Taking:
    """A sink that takes as many as there are, and remembers in what groups they came."""

    batch = 100

    def __init__(self) -> None:
        self.groups: list[list[int]] = []

    def host(self, _: WebhookDestination, /) -> str:
        """Return a host."""
        return "here"

    async def send(self, _: WebhookDestination, __: str, group: Sequence[Delivery], /) -> Sequence[Outcome]:
        """Take all."""
        self.groups.append([delivery.event.seq for delivery in group])
        return [Outcome(ok=True) for _ in group]

    async def close(self) -> None:
        """Hold nothing."""


async def with_events(delivering: Delivering) -> StoredInstance:
    """Create an instance with events."""
    stored = await delivering.instance()
    await delivering.append(stored, *["call"] * EVENTS)
    (first,) = await delivering.world.store.events("shop", stored.instance.id, 0, 1)
    assert len(first.body) == SIZE
    return stored


@pytest.mark.usefixtures("few_bytes")
async def test_reads_that_end_for_their_bytes_follow_each_other_in_one_round(
    delivering: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await with_events(delivering)
    store, sizes = delivering.world.store, list[int]()
    read_on = store.events

    async def events(name: str, instance_id: str, after: int, limit: int) -> Sequence[LoggedEvent]:
        # What was read before and is not sent yet is at most half of a read.
        sizes.append(after - len(delivering.receiver.seqs))
        return await read_on(name, instance_id, after, limit)

    monkeypatch.setattr(store, "events", events)
    assert await delivering.deliver(stored) is None
    assert delivering.receiver.seqs == list(range(1, EVENTS + 1))
    assert len(sizes) >= 2
    assert max(sizes) <= A_READ // 2 + 2
    assert await store.due() == []


@pytest.mark.usefixtures("few_bytes")
async def test_a_group_for_a_sink_ends_for_its_bytes(delivering: Delivering, monkeypatch: pytest.MonkeyPatch) -> None:
    stored, sink = await with_events(delivering), Taking()
    monkeypatch.setattr(log, "READ_BYTES", 2**20)
    await deliver(delivering.another(sinks={"webhook": sink}), wakeup_of(stored))
    assert [seq for group in sink.groups for seq in group] == list(range(1, EVENTS + 1))
    assert A_READ // 2 < max(map(len, sink.groups)) <= A_READ
    # One that is larger than all that may be in memory is sent alone.
    monkeypatch.setattr(line_round, "READ_BYTES", 1)
    await delivering.append(stored, "call", "call")
    await deliver(delivering.another(sinks={"webhook": sink}), wakeup_of(stored))
    assert sink.groups[-2:] == [[EVENTS + 1], [EVENTS + 2]]
