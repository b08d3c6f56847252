"""See and resend: pages of deliveries and dead letters, the log, sending again, and trying a webhook."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.contract.api.real import Real, running
from tests.support.waiting import eventually
from tests.unit.worker.receiver import Receiver

pytestmark = pytest.mark.asyncio

COMMANDS = 3


@pytest_asyncio.fixture
async def real(tmp_path: Path) -> AsyncIterator[Real]:
    async with running(tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.server.start_server()
    yield made
    await made.server.close()


async def rows(real: Real, path: str, *, key: str = "GLOBAL-KEY") -> list[dict[str, Any]]:
    """Read all pages, two rows at a time."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await real.ask("GET", f"{path}{'&' if '?' in path else '?'}limit=2{cursor}", key=key)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += body.get("deliveries", body.get("deadLetters"))
        if body["cursor"] is None:
            return found
        cursor = f"&cursor={body['cursor']}"


async def refused_once(real: Real, receiver: Receiver, name: str) -> str:
    """Create an instance whose first event is a dead letter; returns the event's id."""
    receiver.answers.append((404, {}))
    await real.create(name, token=f"tok-{name}", qrcode=False, webhook={"enabled": True, "url": receiver.url})
    await eventually(lambda: settled(real, name), what="the end of the first delivery")
    (letter,) = await rows(real, f"/deliveries/{name}?state=dead")
    return str(letter["id"])


async def settled(real: Real, name: str) -> bool:
    """Tell whether nothing is pending."""
    answer = await real.ask("GET", f"/deliveries/{name}?state=pending")
    return bool(answer.json()["deliveries"] == [])


async def test_a_dead_letter_is_seen_with_its_reason_and_sent_again(real: Real, receiver: Receiver) -> None:
    event_id = await refused_once(real, receiver, "shop")
    (letter,) = await rows(real, "/deliveries/shop", key="tok-shop")
    error = letter.pop("lastError")
    assert letter == {
        "id": event_id,
        "destination": "webhook",
        "seq": 1,
        "lastSeq": 1,
        "event": "instance.create",
        "state": "dead",
        "attempts": 1,
        "nextTryAt": None,
        "resendable": True,
    }
    assert (error["status"], error["response"]) == (404, "the receiver's word")
    (row,) = await rows(real, "/dead-letters")
    assert (row["instance"], row["delivery"]["id"]) == ("shop", event_id)
    assert (await real.ask("GET", "/dead-letters", key="tok-shop")).status_code == 401
    answer = await real.ask("POST", f"/deliveries/shop/{event_id}/resend", key="tok-shop")
    assert (answer.status_code, answer.json()) == (201, {"event": event_id, "destinations": ["webhook"]})
    await eventually(lambda: len(receiver.headers) == COMMANDS - 1, what="the event once more")
    assert {headers["webhook-id"] for headers in receiver.headers} == {event_id}
    await eventually(lambda: is_done(real), what="the delivered event")
    assert await rows(real, "/dead-letters") == []
    # It stands in the log still, and can be sent again from there.
    assert (await real.ask("POST", f"/deliveries/shop/{event_id}/resend?destination=webhook")).status_code == 201
    await eventually(lambda: len(receiver.headers) == COMMANDS, what="the event a third time")


async def is_done(real: Real) -> bool:
    return [row["state"] for row in await rows(real, "/deliveries/shop")] == ["done"]


async def test_what_cannot_be_sent_again_says_why(real: Real, receiver: Receiver) -> None:
    event_id = await refused_once(real, receiver, "shop")
    for path, status, word in (
        ("/deliveries/ghost/x/resend", 404, "ghost"),
        ("/deliveries/shop/x/resend", 404, "no event"),
        (f"/deliveries/shop/{event_id}/resend?destination=sqs", 409, "no such destination"),
        (f"/deliveries/shop/{event_id}/resend?instanceId=other", 404, "no event"),
    ):
        answer = await real.ask("POST", path)
        assert answer.status_code == status, path
        assert word in answer.text
    strange = f"/deliveries/shop/{event_id}/resend?instanceId=x"
    assert (await real.ask("POST", strange, key="tok-shop")).status_code == 404
    for query in ("shop?state=x", "shop?limit=0", "shop?limit=101", "shop?cursor=x"):
        assert (await real.ask("GET", f"/deliveries/{query}")).status_code == 400, query
    assert (await real.ask("GET", "/dead-letters?cursor=x")).status_code == 400


async def test_a_deleted_instances_dead_letters_are_seen_and_sent_again(real: Real, receiver: Receiver) -> None:
    event_id = await refused_once(real, receiver, "shop")
    assert (await real.ask("DELETE", "/instance/delete/shop")).status_code == 200
    (row,) = await rows(real, "/dead-letters")
    path = f"/deliveries/shop/{event_id}/resend?instanceId={row['instanceId']}"
    assert (await real.ask("POST", path)).status_code == 201
    await eventually(lambda: [h["webhook-id"] for h in receiver.headers].count(event_id) > 1, what="the event again")


async def test_the_log_is_read_in_parts(real: Real) -> None:
    await real.create("shop", token="tok-shop", qrcode=False)
    body = (await real.ask("GET", "/events/shop", key="tok-shop")).json()
    assert [(event["seq"], event["event"]) for event in body["events"]] == [(1, "instance.create")]
    assert body["events"][0]["data"]["instanceName"] == "shop"
    assert (await real.ask("GET", f"/events/shop?after={body['after']}")).json() == {"events": [], "after": 1}
    assert (await real.ask("GET", "/events/ghost")).status_code == 404


async def test_a_webhook_is_tried_without_a_trace(real: Real, receiver: Receiver) -> None:
    await real.create("shop", qrcode=False, webhook={"enabled": True, "url": receiver.url, "events": ["CALL"]})
    receiver.answers.append((418, {}))
    answer = (await real.ask("POST", "/webhook/test/shop")).json()
    assert (answer["ok"], answer["status"], answer["response"]) == (False, 418, "the receiver's word")
    assert (await real.ask("POST", "/webhook/test/shop")).json()["ok"] is True
    assert receiver.bodies[1]["data"]["test"] is True
    assert receiver.seqs == [0, 0]
    assert [event["seq"] for event in (await real.ask("GET", "/events/shop")).json()["events"]] == [1]
    await real.create("bare", qrcode=False)
    assert (await real.ask("POST", "/webhook/test/bare")).status_code == 400
