"""SQS queues are made in the background, and the configuration says how far that is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.model.queue_sinks import merged_sink
from pombo_common.model.settings import QueueSink, QueueSinkInput
from pombo_common.ports.changes import Change
from pombo_worker.delivery.sqs.client import SqsError
from pombo_worker.delivery.sqs.provision import SqsProvision
from pombo_worker.delivery.sqs.queues import SqsQueues
from tests.contract.sinks.deliveries import fresh_name
from tests.contract.sinks.tampered_sqs import TamperedClient, access
from tests.contract.store.examples import creation, record
from tests.support.sqs_server import SqsServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

WANTED = QueueSinkInput(events=["CALL", "GROUP_PARTICIPANTS_UPDATE"])


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Yield a Store."""
    store = SqliteStore(tmp_path / "pombo.db")
    await store.open()
    yield store
    await store.close()


async def sink_of(store: SqliteStore, name: str) -> QueueSink:
    """Return the SQS sink of an instance."""
    stored = await store.instance(name)
    assert stored is not None
    assert stored.instance.sqs is not None
    return stored.instance.sqs


async def test_queues_are_pending_until_they_are_made_and_failed_when_sqs_refuses(
    store: SqliteStore, sqs_server: SqsServer
) -> None:
    client = TamperedClient(access(sqs_server.url))
    provision = SqsProvision(store, SqsQueues(client), 60)
    name = fresh_name()
    sink = merged_sink("sqs", None, WANTED, new_id="s", now=1)
    await store.apply(name, creation(name, "i", instance=msgspec.structs.replace(record(name, "i"), sqs=sink)))
    for code, state, why in (
        ("QueueDeletedRecently", "pending", "after 60 s"),
        ("AccessDenied", "failed", "told by SQS"),
    ):
        client.missing = [code]
        await provision.provide(name)
        said = await sink_of(store, name)
        assert said.state == state
        assert why in (said.reason or "")
    running = asyncio.create_task(provision.run())

    async def ready() -> bool:
        return (await sink_of(store, name)).state == "ready"

    await eventually(ready, what="both queues")
    assert (await sink_of(store, name)).reason is None
    assert await asyncio.to_thread(sqs_server.queues, name) == {
        f"{name}_call.fifo",
        f"{name}_group_participants_update.fifo",
    }
    running.cancel()
    await client.close()


async def test_a_sink_that_was_set_anew_meanwhile_keeps_what_it_says(store: SqliteStore, sqs_server: SqsServer) -> None:
    name = fresh_name()

    class Meanwhile(TamperedClient):
        async def call(self, operation: str, **arguments: object) -> dict[str, object]:
            if operation == "create_queue":
                stored = await store.instance(name)
                assert stored is not None
                off = merged_sink("sqs", stored.instance.sqs, QueueSinkInput(enabled=False), new_id="x", now=2)
                changed = msgspec.structs.replace(stored.instance, sqs=off, version=stored.instance.version + 1)
                await store.apply(name, Change(instance_id="i", instance=changed))
                raise SqsError("AccessDenied", "told by SQS")
            return await super().call(operation, **arguments)

    client = Meanwhile(access(sqs_server.url))
    sink = merged_sink("sqs", None, WANTED, new_id="s", now=1)
    await store.apply(name, creation(name, "i", instance=msgspec.structs.replace(record(name, "i"), sqs=sink)))
    await SqsProvision(store, SqsQueues(client), 60).provide(name)
    said = await sink_of(store, name)
    assert (said.enabled, said.state, said.reason) == (False, None, None)
    await client.close()
