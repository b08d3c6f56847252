"""What makes a delivery trusted, and whom we trust: signatures, tokens, and addresses that are not called."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json

import msgspec
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from pombo_common.model.events import EventBody, LoggedEvent
from pombo_common.networks import OutboundPolicy
from pombo_worker.delivery.destination_settings import WebhookDestination
from pombo_worker.delivery.signing import new_secret
from pombo_worker.delivery.sink import Delivery, Outcome
from pombo_worker.delivery.webhook import WebhookSink
from tests.unit.worker.receiver import Delivering, webhook_sink

pytestmark = pytest.mark.asyncio

EVENT = LoggedEvent(seq=1, epoch=1, id="e-1", type="call", at=1_700_000_000_123, body=b"")


async def send(sink: WebhookSink, url: str, **more: object) -> Outcome:
    """Send the event once."""
    plain = WebhookDestination(instance="shop", apikey=None, url=url, headers={}, events=["CALL"], by_events=False)
    delivery = Delivery(event=EVENT, body=EventBody(data={"text": "olá ✓"}), prev=0, attempt=1)
    (outcome,) = await sink.send(msgspec.structs.replace(plain, **more), "an id", [delivery])
    return outcome


async def test_a_delivery_verifies_with_each_of_its_secrets_and_with_no_other(delivering: Delivering) -> None:
    old, new = new_secret(), new_secret()
    assert (await send(delivering.sink, delivering.receiver.url, secrets=[new, old])).ok
    (headers,), (body,) = delivering.receiver.headers, delivering.receiver.raw
    # The receiver may change its secret before we do, or after: both verify.
    for secret in (old, new):
        assert Webhook(secret).verify(body.decode(), headers)["data"] == {"text": "olá ✓"}
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body.decode(), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(body.decode() + " ", headers)


async def test_with_a_jwt_key_each_try_carries_a_token_of_its_own_instead_of_the_key(delivering: Delivering) -> None:
    keyed = {"jwt_key": "short", "Authorization": "Basic overwritten", "x-shop": "1"}
    await send(delivering.sink, delivering.receiver.url, headers=keyed)
    (headers,) = delivering.receiver.headers
    assert "jwt_key" not in headers
    assert headers["x-shop"] == "1"
    kind, _, token = headers["authorization"].partition(" ")
    head, claims, signature = token.split(".")
    expected = hmac.digest(b"short", f"{head}.{claims}".encode(), hashlib.sha256)
    assert (kind, decoded(signature)) == ("Bearer", expected)
    assert json.loads(decoded(head)) == {"alg": "HS256", "typ": "JWT"}
    said = json.loads(decoded(claims))
    assert (said["app"], said["action"], said["exp"] - said["iat"]) == ("evolution", "webhook", 600)
    assert abs(said["iat"] - int(headers["webhook-timestamp"])) <= 1


def decoded(part: str) -> bytes:
    """Undo the encoding of a token's part."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def test_an_address_in_a_private_network_is_not_called_and_the_reason_says_so(delivering: Delivering) -> None:
    sink = webhook_sink(policy=OutboundPolicy())
    port = delivering.receiver.server.port
    for host in ("127.0.0.1", "localhost", "[::1]", "0x7f.1"):
        outcome = await send(sink, f"http://{host}:{port}/hook")
        assert not outcome.ok
        assert "in a network that may not be called (loopback)" in outcome.why
        assert "POMBO_WEBHOOK_ALLOW" in outcome.why
    assert delivering.receiver.paths == []
    # The operator's own address may lie anywhere.
    assert (await send(sink, delivering.receiver.url, trusted=True)).ok
    await sink.close()


async def test_a_redirect_into_a_private_network_leads_nowhere(delivering: Delivering) -> None:
    delivering.receiver.answers.append((302, {"Location": delivering.receiver.url + "/inside"}))
    outcome = await send(delivering.sink, delivering.receiver.url)
    assert (outcome.ok, outcome.status, delivering.receiver.paths) == (False, 302, ["/hook"])


async def test_an_endless_answer_is_read_no_further_than_what_is_shown() -> None:
    sent = 0

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent += 65536
            with contextlib.suppress(ConnectionError):
                await writer.drain()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    sink = webhook_sink()
    host, port = server.sockets[0].getsockname()
    outcome = await send(sink, f"http://{host}:{port}/")
    await sink.close()
    server.close()
    await server.wait_closed()
    assert (outcome.status, len(outcome.response)) == (500, 2048)
    assert sent < 32 * 1024 * 1024
