"""What people do on their phones comes to the webhook in the contract's shapes: one instance, told of all of it."""

import base64
import hashlib
import os
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually
from tests.support.webhook_receiver import Delivery, WebhookReceiver

pytestmark = pytest.mark.asyncio

IMAGE_BYTES = 5 * 1024 * 1024


class Linked(NamedTuple):
    """An instance whose phone has a history, linked."""

    name: str
    number: str
    contact: str
    receiver: WebhookReceiver
    phones: Phones

    @property
    def jid(self) -> str:
        """The contact's address."""
        return f"{self.contact}@s.whatsapp.net"

    async def told(self, event: str, **members: Any) -> Delivery:  # noqa: ANN401 - JSON members
        """Wait for an event whose payload has these members."""

        def found() -> list[Delivery]:
            return [
                each
                for each in self.receiver.of(self.name, event)
                if not isinstance(each.body["data"], list) and members.items() <= each.data.items()
            ]

        await eventually(found, seconds=30, what=f"{event} at the webhook")
        return found()[0]

    async def rows(self, event: str) -> list[dict[str, Any]]:
        """Wait for an event whose payload is a list; return all its rows so far."""
        await eventually(lambda: self.receiver.of(self.name, event), seconds=30, what=f"{event} at the webhook")
        return [row for each in self.receiver.of(self.name, event) for row in each.rows]


@pytest_asyncio.fixture
async def linked(client: PomboClient, receiver: WebhookReceiver, phones: Phones) -> AsyncIterator[Linked]:
    name, number, contact = fresh_name("inbound"), fresh_number(), fresh_number()
    past = [{"text": "yesterday", "at": 1_700_000_000}, {"text": "x" * 300_000, "at": 1_700_000_001}]
    recent = [{"with": contact, "name": "Ana", "messages": past}]
    await client.create(name, webhook={"url": receiver.url, "base64": True})
    await phones.act("phones/history", number=number, recent=recent)
    scanned = await client.call("POST", f"/sandbox/{name}/scan", {"number": number})
    assert scanned.status_code == 200, scanned.text
    await client.wait_for(name, "open", seconds=60)
    yield Linked(name, number, contact, receiver, phones)


async def test_messages_files_groups_changes_and_the_history_come_to_the_webhook(linked: Linked) -> None:
    phones, jid = linked.phones, linked.jid
    both = {"sender": linked.contact, "to": linked.number}

    text = (await phones.act("contacts/message", **both, text="frist", pushName="Ana"))["id"]
    await phones.act("contacts/edit", **both, id=text, text="first")
    await phones.act("contacts/revoke", **both, id=text)
    upsert = await linked.told("messages.upsert", messageType="conversation")
    assert (upsert.data["key"]["id"], upsert.data["message"]) == (text, {"conversation": "frist"})
    edited = await linked.told("messages.edited", type="MESSAGE_EDIT")
    assert edited.data["key"]["id"] == text
    assert edited.data["editedMessage"] == {"conversation": "first"}
    deleted = await linked.told("messages.delete", id=text)
    assert deleted.data["remoteJid"] == jid
    assert upsert.seq < edited.seq < deleted.seq

    image = os.urandom(IMAGE_BYTES)
    encoded = base64.b64encode(image).decode()
    await phones.act("contacts/media", **both, kind="image", mimetype="image/png", base64=encoded, caption="foto")
    got = await linked.told("messages.upsert", messageType="imageMessage")
    assert got.data["message"]["imageMessage"]["caption"] == "foto"
    assert got.data["message"]["imageMessage"]["fileSha256"] == _sha256(image)
    assert base64.b64decode(got.data["message"]["base64"]) == image

    group = (await phones.act("groups", owner=linked.contact, subject="Obra", participants=[linked.number]))["id"]
    assert (await linked.rows("groups.upsert"))[0]["subject"] == "Obra"
    for word in ("with the key", "without it"):
        await phones.act("contacts/message", sender=linked.contact, to=group, text=word)
        spoken = await linked.told("messages.upsert", message={"conversation": word})
        assert (spoken.data["key"]["remoteJid"], spoken.data["key"]["participant"]) == (group, jid)
    await phones.act(f"groups/{group}", action="promote", participants=[linked.number])
    promoted = await linked.told("group-participants.update", action="promote")
    assert promoted.data["participantsData"][0]["phoneNumber"] == linked.number

    await phones.act("contacts/receipt", **both, ids=["SENT"], type="read")
    read = await linked.told("messages.update", keyId="SENT")
    assert (read.data["status"], read.data["fromMe"], read.data["remoteJid"]) == ("READ", True, jid)
    await phones.act("contacts/presence", **both, presence="composing")
    await linked.told("presence.update", presences={jid: {"lastKnownPresence": "composing"}})
    await linked.told("contacts.update", pushName="Ana", remoteJid=jid)
    assert {"remoteJid": jid, "instanceId": upsert.data["instanceId"]} in await linked.rows("chats.update")

    assert [row["name"] for row in await linked.rows("chats.set")] == ["Ana"]
    assert [row["remoteJid"] for row in await linked.rows("contacts.set")] == [jid]
    past = await linked.rows("messages.set")
    assert [len(row["message"]["conversation"]) for row in past] == [len("yesterday"), 300_000]
    parts = linked.receiver.of(linked.name, "messages.set")
    assert [(part.body["progress"], part.body["isLatest"]) for part in parts] == [(100, False)] * 2


async def test_a_text_that_was_cut_inside_a_character_comes_to_the_webhook_with_its_edit(linked: Linked) -> None:
    both = {"sender": linked.contact, "to": linked.number, "text": "good day \ud83d"}
    cut = (await linked.phones.act("contacts/message", **both, pushName="Ana"))["id"]
    await linked.phones.act("contacts/edit", **both, id=cut)
    upsert = await linked.told("messages.upsert", messageType="conversation")
    assert (upsert.data["key"]["id"], upsert.data["message"]) == (cut, {"conversation": "good day \ufffd"})
    edited = await linked.told("messages.edited", type="MESSAGE_EDIT")
    assert edited.data["editedMessage"] == {"conversation": "good day \ufffd"}


def _sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
