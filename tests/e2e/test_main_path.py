"""Create, QR code, scan, open, and the events at a webhook."""

import pytest

from tests.support.delivered_log import delivered_whole
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually
from tests.support.webhook_receiver import Delivery, WebhookReceiver

pytestmark = pytest.mark.asyncio


async def test_an_instance_is_created_scanned_and_open_and_its_webhook_hears_it_in_order_once(
    client: PomboClient, receiver: WebhookReceiver
) -> None:
    name, number = fresh_name("path"), fresh_number()
    created = await client.create(name, webhook=receiver.url)
    assert created["qrcode"]["count"] == 1
    # Once the session is open, a code that was not delivered is wanted no more.
    await eventually(lambda: receiver.of(name, "qrcode.updated"), what="the code at the webhook")
    await client.scan(name, number)
    await client.delete(name)
    deliveries = await delivered_whole(client.deployment, receiver, name)
    assert [_told(delivery) for delivery in deliveries][:6] == [
        "instance.create",
        "connecting",
        "qrcode.updated",
        "connecting",
        "open",
        "instance.delete",
    ]
    assert all(delivery.attempt == 1 for delivery in deliveries)
    shown = receiver.of(name, "qrcode.updated")[0].data["qrcode"]
    assert shown["code"] == created["qrcode"]["code"]
    assert shown["base64"] == created["qrcode"]["base64"]
    opened = deliveries[4]
    assert opened.data["wuid"] == f"{number}@s.whatsapp.net"
    assert opened.body["sender"] == f"{number}@s.whatsapp.net"


async def test_what_a_contact_writes_comes_to_the_webhook(
    client: PomboClient, receiver: WebhookReceiver, phones: Phones
) -> None:
    name, number, contact = fresh_name("text"), fresh_number(), fresh_number()
    await client.create(name, webhook=receiver.url)
    await client.scan(name, number)
    body = {"from": contact, "text": "Good day", "pushName": "Ana"}
    answer = await client.call("POST", f"/sandbox/{name}/message", body)
    assert answer.status_code == 200, answer.text
    await eventually(lambda: receiver.of(name, "messages.upsert"), what="the text at the webhook")
    (delivery,) = receiver.of(name, "messages.upsert")
    assert delivery.data["message"] == {"conversation": "Good day"}
    assert delivery.data["pushName"] == "Ana"
    assert delivery.data["key"]["remoteJid"] == f"{contact}@s.whatsapp.net"
    assert delivery.data["key"]["fromMe"] is False


async def test_only_one_socket_ever_lived_for_the_device(client: PomboClient, phones: Phones) -> None:
    name, number = fresh_name("socket"), fresh_number()
    await client.create(name)
    await client.scan(name, number)
    device = await phones.device(number)
    assert (device.live, device.most) == (1, 1)


def _told(delivery: Delivery) -> str:
    return str(delivery.data["state"]) if delivery.event == "connection.update" else delivery.event
