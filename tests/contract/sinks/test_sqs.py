"""The SQS sink against moto's server, and consumers in plain boto3."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from pombo_worker.delivery.destination_settings import SqsDestination
from pombo_worker.delivery.sink import Outcome
from pombo_worker.delivery.sqs.client import SqsClient
from pombo_worker.delivery.sqs.message import SqsNaming
from pombo_worker.delivery.sqs.queues import SqsQueues
from pombo_worker.delivery.sqs.sink import SqsSink
from tests.contract.sinks.deliveries import SENDER, delivery, fresh_name
from tests.contract.sinks.tampered_sqs import TamperedClient, access
from tests.support.sqs_server import SqsServer

pytestmark = pytest.mark.asyncio

ID = str(uuid.uuid4())
GOOD = Outcome(ok=True)
NAMING = SqsNaming(server_name="evolution", server_url="https://pombo.example")


@pytest_asyncio.fixture
async def client(sqs_server: SqsServer) -> TamperedClient:
    """Return the client of the sink."""
    return TamperedClient(access(sqs_server.url))


@pytest_asyncio.fixture
async def sink(client: TamperedClient) -> AsyncIterator[SqsSink]:
    """Yield a sink."""
    sink = SqsSink(client, SqsQueues(client), NAMING)
    yield sink
    await sink.close()


def own(name: str, apikey: str | None = None) -> SqsDestination:
    """Return an instance's own queues."""
    return SqsDestination(instance=name, apikey=apikey, events=[])


async def take(server: SqsServer, queue: str, count: int) -> list[dict[str, Any]]:
    """Receive with plain boto3."""
    return await asyncio.to_thread(server.take, queue, count)


def numbers(messages: list[dict[str, Any]]) -> list[int]:
    """Return what the made-up events count."""
    return [msgspec.json.decode(message["Body"])["data"]["n"] for message in messages]


@pytest.mark.parametrize(
    ("first", "kind", "suffix"),
    [
        ("consumer", "group-participants.update", "group_participants_update"),
        ("pombo", "send.message.update", "send_message_update"),
    ],
)
async def test_a_consumer_gets_everything_in_order_whoever_made_the_queue(
    sink: SqsSink, sqs_server: SqsServer, first: str, kind: str, suffix: str
) -> None:
    name = fresh_name()
    queue = f"{name}_{suffix}.fifo"
    if first == "consumer":
        await asyncio.to_thread(sqs_server.make, queue)
    for start in (1, 11):
        batch = [delivery(seq, kind) for seq in range(start, start + 10)]
        assert await sink.send(own(name), ID, batch) == [GOOD] * 10
    await asyncio.to_thread(sqs_server.make, queue)
    assert numbers(await take(sqs_server, queue, 20)) == list(range(1, 21))


async def test_a_message_is_the_contracts_body_beside_attributes(sink: SqsSink, sqs_server: SqsServer) -> None:
    name = fresh_name()
    one = delivery(7, data={"text": "a\x00\ufffe\uffff ä"}, resend=2)
    assert await sink.send(own(name, "tok"), ID, [one]) == [GOOD]
    (message,) = await take(sqs_server, f"{name}_messages_upsert.fifo", 1)
    assert msgspec.json.decode(message["Body"]) == {
        "event": "messages.upsert",
        "instance": name,
        "data": {"text": "a\x00\ufffe\uffff ä"},
        "date_time": "2026-11-22T21:30:59.067Z",
        "sender": SENDER,
        "server_url": "https://pombo.example",
        "apikey": "tok",
        "dataType": "json",
        "server": "evolution",
    }
    assert message["Attributes"]["MessageGroupId"] == name
    assert message["Attributes"]["MessageDeduplicationId"] == f"{one.event.id}.2"
    told = {key: each["StringValue"] for key, each in message["MessageAttributes"].items()}
    assert told == {
        "pombo-id": one.event.id,
        "pombo-seq": "7",
        "pombo-prev": "6",
        "pombo-epoch": "3",
        "pombo-attempt": "1",
        "pombo-resend": "2",
    }


async def test_the_same_event_comes_once_and_one_that_is_sent_again_on_purpose_comes_again(
    sink: SqsSink, sqs_server: SqsServer
) -> None:
    name = fresh_name()
    one = delivery(1)
    again = delivery(1, event_id=one.event.id, resend=1)
    for each in (one, one, again, again, delivery(2)):
        assert await sink.send(own(name), ID, [each]) == [GOOD]
    assert numbers(await take(sqs_server, f"{name}_messages_upsert.fifo", 3)) == [1, 1, 2]


async def test_global_queues_are_one_for_each_event_or_a_single_one(sink: SqsSink, sqs_server: SqsServer) -> None:
    prefix = fresh_name()
    by_event = SqsDestination(instance="a shop", apikey=None, events=[], prefix=prefix)
    single = SqsDestination(instance="a shop", apikey=None, events=[], prefix=prefix, single=True)
    assert await sink.send(by_event, ID, [delivery(1, "call")]) == [GOOD]
    assert await sink.send(single, ID, [delivery(2, "call"), delivery(3)]) == [GOOD] * 2
    (message,) = await take(sqs_server, f"{prefix}_call.fifo", 1)
    assert message["Attributes"]["MessageGroupId"] == "evolution-call-a_shop"
    messages = await take(sqs_server, f"{prefix}_singlequeue.fifo", 2)
    assert numbers(messages) == [2, 3]
    assert messages[0]["Attributes"]["MessageGroupId"] == "evolution-singlequeue-a_shop"


async def test_a_group_of_its_own_can_be_set(client: TamperedClient, sqs_server: SqsServer) -> None:
    sink = SqsSink(client, SqsQueues(client), SqsNaming(server_name="x", group="evolution"))
    name = fresh_name()
    await sink.send(own(name), ID, [delivery(1)])
    (message,) = await take(sqs_server, f"{name}_messages_upsert.fifo", 1)
    assert message["Attributes"]["MessageGroupId"] == "evolution"
    await sink.close()


async def test_only_the_refused_messages_of_a_batch_fail(
    sink: SqsSink, client: TamperedClient, sqs_server: SqsServer
) -> None:
    name = fresh_name()
    client.refused = {'"n":2}': "InternalError", '"n":4}': "InvalidMessageContents"}
    batch = [delivery(seq) for seq in range(1, 6)]
    outcomes = await sink.send(own(name), ID, batch)
    assert [outcome.ok for outcome in outcomes] == [True, False, True, False, True]
    assert (outcomes[1].final, outcomes[1].why) == (False, "SQS refused the message (InternalError)")
    assert outcomes[3].final
    assert await sink.send(own(name), ID, [batch[1]]) == [GOOD]
    assert sorted(numbers(await take(sqs_server, f"{name}_messages_upsert.fifo", 4))) == [1, 2, 3, 5]


async def test_what_is_too_large_is_given_up_and_batches_stay_within_the_limit(
    sink: SqsSink, client: TamperedClient, sqs_server: SqsServer
) -> None:
    name = fresh_name()
    half = "x" * 500_000
    batch = [delivery(1), delivery(2, data="x" * 1_048_576), *(delivery(seq, data=half) for seq in range(3, 6))]
    outcomes = await sink.send(own(name), ID, batch)
    assert [outcome.ok for outcome in outcomes] == [True, False, True, True, True]
    assert outcomes[1].final
    assert outcomes[1].why.startswith("the message has 1048")
    assert outcomes[1].why.endswith("SQS takes at most 1048576")
    assert [count for count, _ in client.batches] == [3, 1]


async def test_a_queue_that_was_deleted_is_made_again_when_sqs_lets_us(
    sink: SqsSink, client: TamperedClient, sqs_server: SqsServer
) -> None:
    name = fresh_name()
    queue = f"{name}_call.fifo"
    await sink.send(own(name), ID, [delivery(1, "call")])
    await asyncio.to_thread(sqs_server.delete, queue)
    client.missing = ["QueueDeletedRecently"]
    (held,) = await sink.send(own(name), ID, [delivery(2, "call")])
    assert (held.ok, held.final, held.retry_after) == (False, False, 60)
    assert "after 60 s" in held.why
    assert await sink.send(own(name), ID, [delivery(3, "call")]) == [GOOD]
    assert numbers(await take(sqs_server, queue, 1)) == [3]


@pytest.mark.parametrize(
    ("status", "code", "away"),
    [
        (503, "ServiceUnavailable", True),
        (500, "", True),
        (400, "ThrottlingException", True),
        (400, "RequestThrottled", True),
        (403, "ExpiredToken", True),
        (400, "InvalidParameterValue", False),
    ],
)
async def test_a_refusal_of_the_caller_is_told_from_one_of_the_message(status: int, code: str, *, away: bool) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"__type": f"com.amazonaws.sqs#{code}", "message": "no"}, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    async with TestServer(app) as server:
        client = SqsClient(access(str(server.make_url("/"))))
        sink = SqsSink(client, SqsQueues(client), NAMING)
        (outcome,) = await sink.send(own("any"), ID, [delivery(1)])
        await sink.close()
    assert (outcome.ok, outcome.away) == (False, away)


async def test_an_endpoint_that_is_away_is_a_failure_with_a_reason() -> None:
    client = SqsClient(access("http://127.0.0.1:1"))
    sink = SqsSink(client, SqsQueues(client), NAMING)
    assert sink.host(own("any")) == "127.0.0.1:1"
    (outcome,) = await sink.send(own("any"), ID, [delivery(1)])
    assert (outcome.ok, outcome.final, outcome.away) == (False, False, True)
    assert outcome.why == "SQS cannot be used (EndpointConnectionError)"
    await sink.close()
