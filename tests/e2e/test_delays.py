"""Messages with a delay on a whole Pombo: the instance can be managed meanwhile, and each is sent once."""

import asyncio
import itertools
import uuid
from typing import Any

import httpx
import pytest

from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

DELAY_MS = 15_000
PRESENCES = 9
LOOPS = 4
SWITCHES = {
    "rejectCall": False,
    "groupsIgnore": True,
    "alwaysOnline": False,
    "readMessages": False,
    "readStatus": False,
    "syncFullHistory": False,
}


class Managed:
    """An open instance, its contact, and what is done to it."""

    def __init__(self, client: PomboClient) -> None:
        self.client = client
        self.name = fresh_name("delays")
        self.contact = fresh_number()

    async def open(self) -> None:
        """Create it and link it."""
        await self.client.create(self.name)
        await self.client.scan(self.name, fresh_number())

    async def post(self, path: str, **body: Any) -> httpx.Response:  # noqa: ANN401 - JSON members
        """Call one of its routes."""
        return await self.client.call("POST", f"{path}/{self.name}", body)

    async def text(self, text: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - members of the body
        """Send a text to the contact."""
        return await self.post("/message/sendText", number=self.contact, text=text, **more)

    async def type(self) -> httpx.Response:
        """Show the contact for a while that somebody types."""
        return await self.post("/chat/sendPresence", number=self.contact, presence="composing", delay=DELAY_MS)


async def test_a_delay_holds_up_neither_management_nor_other_messages(client: PomboClient, phones: Phones) -> None:
    shop, key = Managed(client), str(uuid.uuid4())
    await shop.open()
    body = {"number": shop.contact, "text": "Later", "delay": DELAY_MS}
    headers = {"Idempotency-Key": key}
    late = asyncio.create_task(client.call("POST", f"/message/sendText/{shop.name}", body, headers=headers))

    async def begun() -> bool:
        record = await client.call("GET", f"/commands/{shop.name}/{key}")
        return record.status_code == 200 and record.json()["state"] == "started"

    await eventually(begun, what="the delay to begin")
    shown = [asyncio.create_task(shop.type()) for _ in range(PRESENCES)]
    assert (await shop.post("/settings/set", **SWITCHES)).status_code == 201
    assert (await shop.text("At once")).status_code == 201
    assert (await shop.post("/instance/restart")).status_code == 200
    assert not late.done()
    await client.wait_for(shop.name, "open")
    assert not late.done()
    assert (await late).status_code == 201
    # What was only shown in a chat went with the old connection.
    await asyncio.gather(*shown)

    async def both() -> list[str]:
        texts = [each["text"] for each in await phones.inbox(shop.contact)]
        return texts if len(texts) > 1 else []

    assert await eventually(both, what="both texts at the contact") == ["At once", "Later"]


async def test_an_instance_can_be_managed_however_steadily_messages_with_a_delay_go_out(client: PomboClient) -> None:
    shop, over = Managed(client), asyncio.Event()
    await shop.open()
    answers: list[int] = []

    async def loop() -> None:
        for number in itertools.count():
            if over.is_set():
                return
            answers.append((await shop.text(str(number), delay=2000)).status_code)

    loops = [asyncio.create_task(loop()) for _ in range(LOOPS)]
    await eventually(lambda: len(answers) >= LOOPS, what="the first messages")
    assert (await shop.post("/settings/set", **SWITCHES)).status_code == 201
    webhook = {"enabled": False, "url": "https://example.com/hook"}
    assert (await shop.post("/webhook/set", webhook=webhook)).status_code == 201
    assert answers[:LOOPS] == [201] * LOOPS
    logout = await client.call("DELETE", f"/instance/logout/{shop.name}")
    assert logout.status_code == 200, logout.text
    over.set()
    await asyncio.gather(*loops)
    assert set(answers) <= {201, 400}
