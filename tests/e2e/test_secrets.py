"""What must never be in a log: keys and tokens, phone numbers, QR codes, what people write."""

import pytest

from tests.support.deployment import Deployment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

TEXT = "a text that nobody else may read"


async def test_no_process_writes_a_secret_to_its_output(
    deployment: Deployment, client: PomboClient, phones: Phones, receiver: WebhookReceiver
) -> None:
    name, number, contact = fresh_name("quiet"), fresh_number(), fresh_number()
    created = await client.create(name, webhook=receiver.url)
    await client.scan(name, number)
    await phones.text(contact, number, TEXT)
    await eventually(lambda: receiver.of(name, "messages.upsert"), what="the text at the webhook")
    # Trouble makes programs talk: a connection lost, a frame that makes no sense, a webhook that fails, a kill.
    receiver.refusing = 2
    await phones.fault(number, "garbage")
    await eventually(lambda: len(receiver.of(name, "connection.update")) >= 5, seconds=20, what="lost and open again")
    await deployment.kill_worker()
    await deployment.start_worker()
    await client.wait_for(name, "open")
    await client.delete(name)
    output = deployment.output()
    secrets = {
        "the global key": deployment.key,
        "the encryption key": deployment.encryption_key,
        "the sandbox key": deployment.sandbox_key,
        "the token": created["hash"]["apikey"],
        "the number": number,
        "the contact": contact,
        "the QR code": created["qrcode"]["code"],
        "the text": TEXT,
        "any JID": "@s.whatsapp.net",
    }
    assert [what for what, secret in secrets.items() if secret in output] == []
