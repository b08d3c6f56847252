"""One delivery over HTTP: its envelope and headers exactly, and what each kind of answer counts as."""

import asyncio
import re
import socket

import msgspec
import pytest

from pombo_common.model.events import EventBody, LoggedEvent
from pombo_worker.delivery.destination_settings import WebhookDestination
from pombo_worker.delivery.sink import Delivery, Outcome
from pombo_worker.delivery.webhook import WebhookSink
from tests.unit.worker.receiver import Delivering, webhook_sink

pytestmark = pytest.mark.asyncio

EVENT = LoggedEvent(seq=7, epoch=2, id="e-7", type="group-participants.update", at=1_700_000_000_123, body=b"")


def destination(url: str, **more: object) -> WebhookDestination:
    """Make a destination."""
    plain = WebhookDestination(instance="shop", apikey=None, url=url, headers={}, events=["CALL"], by_events=False)
    return msgspec.structs.replace(plain, **more)


async def send(
    delivering: Delivering,
    url: str | None = None,
    *,
    sink: WebhookSink | None = None,
    body: EventBody | None = None,
    **more: object,
) -> Outcome:
    """Send the event once."""
    delivery = Delivery(event=EVENT, body=body or EventBody(data={"n": 1}), prev=5, attempt=2)
    to = destination(url or delivering.receiver.url, **more)
    (outcome,) = await (sink or delivering.sink).send(to, "an id", [delivery])
    return outcome


async def test_the_envelope_has_exactly_the_contracts_members(delivering: Delivering) -> None:
    assert await send(delivering) == Outcome(ok=True, status=200)
    url = delivering.receiver.url
    assert delivering.receiver.bodies == [
        {
            "event": "group-participants.update",
            "instance": "shop",
            "data": {"n": 1},
            "destination": url,
            "date_time": "2023-11-14T22:13:20.123Z",
            "server_url": "http://pombo.test",
            "apikey": None,
        }
    ]
    # With a linked account the sender is there; with the switch on, the key.
    body = EventBody(data=[], sender="5511999990000@s.whatsapp.net")
    await send(delivering, body=body, apikey="TOKEN")
    linked = delivering.receiver.bodies[1]
    assert (linked["sender"], linked["apikey"], linked["data"]) == ("5511999990000@s.whatsapp.net", "TOKEN", [])


async def test_without_an_address_of_our_own_the_member_is_absent(delivering: Delivering) -> None:
    sink = webhook_sink(server_url="")
    await send(delivering, sink=sink, body=EventBody(data=None))
    await sink.close()
    (body,) = delivering.receiver.bodies
    assert "server_url" not in body
    assert body["data"] is None


async def test_the_headers_beside_the_body(delivering: Delivering) -> None:
    await send(delivering, headers={"authorization": "Bearer x", "pombo-seq": "999", "User-Agent": "mine"})
    (headers,) = delivering.receiver.headers
    ours = {name: value for name, value in headers.items() if name.startswith(("pombo-", "webhook-"))}
    assert re.fullmatch(r"\d{10}", ours.pop("webhook-timestamp"))
    assert ours == {
        "webhook-id": "e-7",
        "pombo-seq": "7",
        "pombo-prev": "5",
        "pombo-epoch": "2",
        "pombo-attempt": "2",
    }
    assert "webhook-signature" not in headers
    assert headers["content-type"] == "application/json"
    assert (headers["authorization"], headers["user-agent"]) == ("Bearer x", "mine")


async def test_by_events_the_name_is_appended(delivering: Delivering) -> None:
    await send(delivering, by_events=True)
    await send(delivering, url=delivering.receiver.url + "/", by_events=True)
    await send(delivering)
    assert delivering.receiver.paths == ["/hook/group-participants-update"] * 2 + ["/hook"]


async def test_redirects_are_not_followed(delivering: Delivering) -> None:
    delivering.receiver.answers.append((307, {"Location": delivering.receiver.url + "/elsewhere"}))
    outcome = await send(delivering)
    assert (outcome.ok, outcome.status) == (False, 307)
    assert "redirects are not followed" in outcome.why
    assert delivering.receiver.paths == ["/hook"]


@pytest.mark.parametrize("status", [200, 201, 204, 299])
async def test_success(delivering: Delivering, status: int) -> None:
    delivering.receiver.always = status
    assert (await send(delivering)).ok


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("Wed, 21", None),
        ("Thu, 01 Jan 2015 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 -0100", None),
        ("Fri, 31 Dec 9999 12:00:00 -1201", None),
    ],
)
async def test_failure_says_why_and_when_to_come_back(delivering: Delivering, text: str, seconds: float | None) -> None:
    delivering.receiver.answers.append((503, {"Retry-After": text}))
    outcome = await send(delivering)
    assert (outcome.ok, outcome.status, outcome.retry_after) == (False, 503, seconds)
    assert (outcome.why, outcome.response) == ("the receiver answered 503", "the receiver's word")
    assert not outcome.final


async def test_the_global_addresses_suffix_is_told_in_the_body_and_an_instances_is_not(delivering: Delivering) -> None:
    await send(delivering, by_events=True)
    await send(delivering, by_events=True, trusted=True)
    url = delivering.receiver.url
    told = [body["destination"] for body in delivering.receiver.bodies]
    assert told == [url, f"{url}/group-participants-update"]


@pytest.mark.parametrize(
    ("own", "sent"),
    [
        ({}, "Basic dTpwQHc="),
        ({"authorization": "Bearer mine"}, "Bearer mine"),
        ({"jwt_key": "a key"}, r"Bearer ey[\w.-]+"),
        ({"jwt_key": "a key", "Authorization": "Bearer mine"}, r"Bearer ey[\w.-]+"),
    ],
)
async def test_a_user_in_the_address_is_sent_unless_another_authorization_is(
    delivering: Delivering, own: dict[str, str], sent: str
) -> None:
    url = delivering.receiver.url.replace("http://", "http://u:p%40w@")
    assert (await send(delivering, url=url, headers=own)).ok
    (headers,) = delivering.receiver.headers
    assert re.fullmatch(sent, headers["authorization"])
    assert delivering.receiver.paths == ["/hook"]


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999/", "nonsense"])
async def test_an_address_that_cannot_be_used_is_a_failure_that_says_so(delivering: Delivering, url: str) -> None:
    outcome = await send(delivering, url=url)
    assert (outcome.ok, outcome.status) == (False, None)
    assert outcome.why.startswith("the receiver was not called: its address or a header of it cannot be used")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://no-such-host.invalid/"])
async def test_a_receiver_that_cannot_be_reached_is_a_failure_and_no_error(
    delivering: Delivering, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    outcome = await send(delivering, url=url)
    assert (outcome.ok, outcome.status) == (False, None)
    assert outcome.why.startswith("the receiver could not be reached")


async def test_a_header_that_no_request_may_have_is_a_failure(delivering: Delivering) -> None:
    assert not (await send(delivering, headers={"x": "a\r\nb: c"})).ok
    assert delivering.receiver.paths == []


async def test_a_receiver_that_never_answers_is_given_up_in_time(delivering: Delivering) -> None:
    forever = asyncio.Event()

    async def wait() -> None:
        await forever.wait()

    delivering.receiver.before = wait
    sink = webhook_sink(timeout_seconds=0.05)
    outcome = await send(delivering, sink=sink)
    forever.set()
    await sink.close()
    assert outcome == Outcome(ok=False, why="the receiver did not answer in time")


async def test_some_statuses_are_final_and_410_switches_the_destination_off(delivering: Delivering) -> None:
    delivering.receiver.answers.extend([(404, {}), (410, {}), (429, {})])
    outcomes = [await send(delivering) for _ in range(3)]
    assert [(outcome.final, outcome.disable) for outcome in outcomes] == [(True, False), (False, True), (False, False)]
