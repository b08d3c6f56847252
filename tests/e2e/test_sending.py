"""Messages on a whole Pombo: they arrive decrypted and identical, once, whatever is killed."""

import asyncio
import base64
import secrets
import uuid
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from tests.support.form import Part, post_form
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

PICTURE_BYTES = 5 * 1024 * 1024
NOT_ON_WHATSAPP = "12345"


class Shop(NamedTuple):
    """An open instance, and a contact of nobody else's."""

    client: PomboClient
    name: str
    number: str
    contact: str

    async def send(self, kind: str, key: str | None = None, **fields: Any) -> httpx.Response:  # noqa: ANN401 - of the body
        """Send a message to the contact."""
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"number": self.contact} | fields
        return await self.client.call("POST", f"/message/{kind}/{self.name}", body, headers=headers)


@pytest_asyncio.fixture
async def shop(client: PomboClient, receiver: WebhookReceiver) -> AsyncIterator[Shop]:
    """Yield an open instance whose events go to the receiver."""
    name, number = fresh_name("shop"), fresh_number()
    await client.create(name, webhook=receiver.url)
    await client.scan(name, number)
    yield Shop(client, name, number, fresh_number())


async def arrived(phones: Phones, contact: str, count: int) -> list[dict[str, Any]]:
    """Wait until a contact has received so many messages."""
    inbox: list[dict[str, Any]] = []

    async def enough() -> bool:
        inbox[:] = await phones.inbox(contact)
        return len(inbox) >= count

    await eventually(enough, what=f"{count} messages at the contact")
    return inbox


async def test_a_text_and_a_large_picture_arrive_identical_and_once_also_when_asked_for_again(
    shop: Shop, phones: Phones, receiver: WebhookReceiver
) -> None:
    key = str(uuid.uuid4())
    # The first time the contact cannot read it; it comes again from what Pombo keeps, under the same id.
    await phones.fail_to_read(shop.contact)
    sent = await shop.send("sendText", key, text="Good day, João")
    assert sent.status_code == 201, sent.text
    again = await shop.send("sendText", key, text="Good day, João")
    assert (again.status_code, again.json()) == (201, sent.json())
    await arrived(phones, shop.contact, 1)
    picture = secrets.token_bytes(PICTURE_BYTES)
    coded = "data:image/png;base64," + base64.b64encode(picture).decode()
    shown = await shop.send("sendMedia", mediatype="image", media=coded, caption="A picture")
    assert shown.status_code == 201, shown.text
    first, second = await arrived(phones, shop.contact, 2)
    assert (first["id"], first["text"]) == (sent.json()["key"]["id"], "Good day, João")
    assert (second["media"]["caption"], second["media"]["size"]) == ("A picture", PICTURE_BYTES)
    assert second["media"]["mimetype"] == "image/png"
    assert await phones.media(shop.contact, second["id"]) == picture
    await eventually(lambda: len(receiver.of(shop.name, "send.message")) == 2, what="the events")
    events = [delivery.data for delivery in receiver.of(shop.name, "send.message")]
    assert events == [sent.json(), shown.json()]
    assert receiver.of(shop.name, "messages.upsert") == []
    outcome = await shop.client.call("GET", f"/commands/{shop.name}/{key}")
    assert (outcome.json()["state"], outcome.json()["ok"]) == ("finished", True)


async def test_media_comes_by_a_form_and_by_address(shop: Shop, phones: Phones, receiver: WebhookReceiver) -> None:
    content = secrets.token_bytes(300_000)
    path = f"/message/sendMedia/{shop.name}"
    about = {"number": shop.contact, "mediatype": "document", "caption": "Your bill"}
    part = Part("bill.pdf", "Content-Type: application/octet-stream", content)
    answer = await post_form(shop.client.deployment, path, about, part)
    assert answer.status_code == 201, answer.text
    (bill,) = await arrived(phones, shop.contact, 1)
    assert (bill["media"]["fileName"], bill["media"]["mimetype"]) == ("bill.pdf", "application/pdf")
    assert await phones.media(shop.contact, bill["id"]) == content
    photo = Part("photo.webp", "X-Type: none", content)
    untold = await post_form(shop.client.deployment, path, about | {"mediatype": "image"}, photo)
    assert untold.status_code == 201, untold.text
    assert (await arrived(phones, shop.contact, 2))[-1]["media"]["mimetype"] == "image/webp"
    fetched = await shop.send("sendMedia", mediatype="image", media="http://127.0.0.1:1/none.png")
    assert fetched.status_code == 400
    assert "media could not be fetched" in fetched.json()["response"]["message"][0]


async def test_an_answer_and_a_mention_arrive_as_such(shop: Shop, phones: Phones, receiver: WebhookReceiver) -> None:
    jid, lid = f"{shop.contact}@s.whatsapp.net", "175899724829566@lid"
    asked = await phones.text(shop.contact, shop.number, "When?")
    await eventually(lambda: receiver.of(shop.name, "messages.upsert"), what="the question")
    received = receiver.of(shop.name, "messages.upsert")[0].data
    whole = {"key": received["key"], "message": received["message"]}
    for quoted in ({"key": {"id": asked}}, whole):
        assert (await shop.send("sendText", text="Now", quoted=quoted)).status_code == 201
    short, full = await arrived(phones, shop.contact, 2)
    assert short["quoted"] == {"id": asked, "participant": jid}
    assert full["quoted"] == {"id": asked, "participant": jid, "text": "When?"}

    group = await phones.group(shop.contact, shop.number)
    key = {"id": asked, "participant": jid}
    mentioned = [lid, shop.contact]
    answer = await shop.send("sendText", number=group, text="Now", quoted={"key": key}, mentioned=mentioned)
    assert answer.status_code == 201, answer.text
    in_group = (await arrived(phones, shop.contact, 3))[-1]
    assert (in_group["group"], in_group["mentioned"]) == (group, [lid, jid])
    assert in_group["quoted"] == {"id": asked, "participant": jid}


async def test_what_was_received_is_marked_as_read_when_that_is_asked_for(
    shop: Shop, phones: Phones, receiver: WebhookReceiver
) -> None:
    ids = [await phones.text(shop.contact, shop.number, text) for text in ("First", "Second")]
    await eventually(lambda: len(receiver.first(shop.name, "messages.upsert")) == len(ids), what="the messages")
    keys = {delivery.data["key"]["id"]: delivery.data["key"] for delivery in receiver.of(shop.name, "messages.upsert")}
    body = {"readMessages": [keys[ids[1]]]}
    answer = await shop.client.call("POST", f"/chat/markMessageAsRead/{shop.name}", body)
    assert (answer.status_code, answer.json()["read"]) == (201, "success"), answer.text

    async def read() -> bool:
        return await phones.read_by(shop.number) == [ids[1]]

    await eventually(read, what="the second message, and it alone, to be read")


async def test_who_is_not_on_whatsapp_and_who_is_not_connected(shop: Shop) -> None:
    refused = await shop.send("sendText", text="Hello", number=NOT_ON_WHATSAPP)
    assert refused.status_code == 400
    jid = f"{NOT_ON_WHATSAPP}@s.whatsapp.net"
    assert refused.json()["response"]["message"] == [{"jid": jid, "exists": False, "number": NOT_ON_WHATSAPP}]
    body = {"numbers": [NOT_ON_WHATSAPP, shop.contact]}
    checked = await shop.client.call("POST", f"/chat/whatsappNumbers/{shop.name}", body)
    assert [(each["number"], each["exists"]) for each in checked.json()] == [
        (NOT_ON_WHATSAPP, False),
        (shop.contact, True),
    ]
    closed = fresh_name("closed")
    await shop.client.create(closed, qrcode=False)
    unsent = await shop.client.call("POST", f"/message/sendText/{closed}", {"number": shop.contact, "text": "Hello"})
    assert (unsent.status_code, unsent.json()["response"]["message"]) == (
        400,
        [f'The "{closed}" instance is not connected'],
    )


async def test_a_worker_killed_while_it_sends_leaves_it_unknown_and_it_is_not_sent_again(
    shop: Shop, phones: Phones
) -> None:
    key = str(uuid.uuid4())
    sending = asyncio.create_task(_whatever(shop.send("sendText", key, text="Once at most", delay=20_000)))

    async def begun() -> bool:
        record = await shop.client.call("GET", f"/commands/{shop.name}/{key}")
        return record.status_code == 200 and record.json()["state"] == "started"

    await eventually(begun, what="the command to start")
    await shop.client.deployment.kill_worker()
    await shop.client.deployment.start_worker()
    await asyncio.wait_for(sending, 90)

    async def told() -> httpx.Response | None:
        answer = await shop.send("sendText", key, text="Once at most", delay=20_000)
        return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

    again = await eventually(told, seconds=60, what="the lease of the killed worker to end")
    assert (again.status_code, again.json()["error"]) == (504, "Gateway Timeout"), again.text
    record = (await shop.client.call("GET", f"/commands/{shop.name}/{key}")).json()
    assert (record["state"], record["ok"], record["error"]["code"]) == ("finished", False, "unknown")

    async def connected() -> bool:
        return (await shop.send("sendText", text="Another one")).status_code == 201

    await eventually(connected, seconds=60, what="the session to be connected again")
    inbox = await arrived(phones, shop.contact, 1)
    assert [each["text"] for each in inbox] == ["Another one"]


async def _whatever(work: Any) -> None:  # noqa: ANN401 - anything to wait for
    """Wait for what a killed process may leave without an answer."""
    try:
        await work
    except httpx.TransportError:
        return
