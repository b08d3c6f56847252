"""Rows of deliveries when a destination has more dead letters than it keeps: what did not arrive never reads `done`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pombo_api.application.deliveries import Deliveries
from pombo_api.application.delivery_rows import DeliveryRow
from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.model.events import LoggedEvent
from pombo_common.ports.changes import DestinationChange
from pombo_common.ports.deliveries import DEAD_LIMIT, READ_BYTES, Failure, Parked
from pombo_common.vault import Vault
from pombo_worker.delivery.destination_settings import RabbitmqDestination, WebhookDestination, seal_destination
from tests.contract.store.examples import creation, destination, event, new_id, settlement

pytestmark = pytest.mark.asyncio

GIVEN_UP = DEAD_LIMIT + 206
ARRIVED = 4
VAULT = Vault([b"k" * 32])


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "pombo.db")
    await made.open()
    yield made
    await made.close()


def letter(logged: LoggedEvent, sink: str) -> Parked:
    """Make a dead letter of an event of the log."""
    return Parked(
        destination=sink,
        seq=logged.seq,
        last=logged.seq,
        event_id=logged.id,
        event_type=logged.type,
        prev=logged.seq - 1,
        attempts=1,
        failure=Failure(reason="the receiver answered 401", status=401, at=1_000),
        event=logged,
    )


def two_sinks(instance_id: str) -> tuple[DestinationChange, ...]:
    """Return a RabbitMQ and a webhook, both of which want calls."""
    webhook = WebhookDestination(
        instance="a", apikey=None, events=["CALL"], url="http://x", headers={}, by_events=False
    )
    rabbitmq = RabbitmqDestination(instance="a", apikey=None, events=["CALL"])
    return (
        destination("rabbitmq", seal_destination("rabbitmq", rabbitmq, instance_id, VAULT)),
        destination("webhook", seal_destination("webhook", webhook, instance_id, VAULT)),
    )


async def given_up(store: SqliteStore) -> str:
    """Create `a`, whose webhook refused all but the last events, and whose RabbitMQ refused the first."""
    instance_id = new_id()
    made = tuple(event(b"{}", "call") for _ in range(GIVEN_UP + ARRIVED))
    await store.apply("a", creation("a", instance_id, destinations=two_sinks(instance_id), events=made))
    log = await store.events("a", instance_id, 0, GIVEN_UP)
    for sink, dead in (("rabbitmq", log[:1]), ("webhook", log)):
        assert await store.claim("a", instance_id, sink, "k", 60) is not None
        left = tuple(letter(one, sink) for one in dead)
        assert await store.settle("a", instance_id, settlement("k", GIVEN_UP + ARRIVED, sink, parked=left))
    return instance_id


async def rows(store: SqliteStore, instance_id: str, state: str | None, sink: str = "webhook") -> list[DeliveryRow]:
    """Read all pages."""
    found: list[DeliveryRow] = []
    cursor: str | None = None
    while True:
        page = await Deliveries(store, VAULT).page(
            "a", instance_id, state=state, destination=sink, limit=100, cursor=cursor
        )
        found += page.deliveries
        assert page.cursor is None or page.cursor != cursor, "the page that follows must be another one"
        cursor = page.cursor
        if cursor is None:
            return found


async def test_given_up_events_beyond_the_limit_are_a_range_and_none_reads_done(store: SqliteStore) -> None:
    instance_id = await given_up(store)
    first, *others = await rows(store, instance_id, "dead")
    assert (first.seq, first.last_seq, first.id, first.attempts, first.resendable) == (1, 206, None, None, False)
    assert first.last_error is not None
    assert first.last_error.status == 401
    assert [row.seq for row in others] == list(range(207, GIVEN_UP + 1))
    done = await rows(store, instance_id, "done")
    assert [row.seq for row in done] == list(range(GIVEN_UP + 1, GIVEN_UP + ARRIVED + 1))
    assert await rows(store, instance_id, None) == [first, *others, *done]


async def test_they_are_read_beside_another_destinations(store: SqliteStore) -> None:
    instance_id = await given_up(store)
    assert [row.seq for row in await rows(store, instance_id, "dead", "rabbitmq")] == [1]
    done = [row.seq for row in await rows(store, instance_id, "done", "rabbitmq")]
    assert done == list(range(2, GIVEN_UP + ARRIVED + 1))


async def test_an_event_as_large_as_a_read_ends_a_page_and_the_next_goes_on_behind_it(store: SqliteStore) -> None:
    instance_id = new_id()
    made = tuple(event(body, "call") for body in (b"{}", bytes(READ_BYTES + 1), b"{}"))
    await store.apply("a", creation("a", instance_id, destinations=two_sinks(instance_id), events=made))
    for state in ("pending", None):
        assert [row.seq for row in await rows(store, instance_id, state)] == [1, 2, 3]
    # Also when the row that ends a page is one of that event's.
    first = await Deliveries(store, VAULT).page("a", instance_id, state=None, destination=None, limit=3, cursor=None)
    assert first.cursor == "2:rabbitmq"
    second = await Deliveries(store, VAULT).page(
        "a", instance_id, state=None, destination=None, limit=3, cursor=first.cursor
    )
    assert [(row.seq, row.destination) for row in second.deliveries] == [(2, "webhook")]
    third = await Deliveries(store, VAULT).page(
        "a", instance_id, state=None, destination=None, limit=3, cursor=second.cursor
    )
    assert [row.seq for row in third.deliveries] == [3, 3]
    assert third.cursor is None
