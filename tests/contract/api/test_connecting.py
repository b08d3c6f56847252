"""A QR code is answered the moment it exists, or why there is none. The waits here outlast any test."""

import asyncio
import base64
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from pombo_common.config import Config
from pombo_common.model.commands import PlainCommand
from pombo_common.ports.records import StoredInstance
from tests.contract.api.conftest import GLOBAL, GLOBAL_KEY, Api
from tests.contract.api.waiting_requests import waiting_request

pytestmark = pytest.mark.asyncio


@pytest.fixture
def config() -> Config:
    """Return a wait for the QR code that no test could sit out."""
    return Config(api_key=GLOBAL_KEY, connect_seconds=3600.0)


def creating(api: Api, name: str = "a") -> Coroutine[Any, Any, httpx.Response]:
    body = {"instanceName": name, "integration": "WHATSAPP-BAILEYS", "qrcode": True}
    return api.client.post("/instance/create", json=body, headers=GLOBAL)


async def test_create_answers_when_the_code_appears(api: Api) -> None:
    task = await waiting_request(api, creating(api))
    await api.worker.set_live("a", phase="dialling", reason="cannot-reach-whatsapp")
    assert not task.done()
    await api.worker.show_qr("a", "2@first")
    async with asyncio.timeout(10):
        answer = await task
    qr = answer.json()["qrcode"]
    assert answer.status_code == 201
    assert answer.json()["instance"]["status"] == "created"
    assert set(qr) == {"pairingCode", "code", "base64", "count", "expiresAt"}
    assert (qr["pairingCode"], qr["code"], qr["count"]) == (None, "2@first", 1)
    picture = base64.b64decode(qr["base64"].removeprefix("data:image/png;base64,"), validate=True)
    assert picture.startswith(b"\x89PNG")


async def test_a_code_that_came_before_the_reply_is_not_missed(api: Api) -> None:
    async def after(_: PlainCommand) -> None:
        await api.worker.show_qr("a", "2@early", count=3)

    api.worker.after = after
    async with asyncio.timeout(10):
        answer = await creating(api)
    assert (answer.json()["qrcode"]["code"], answer.json()["qrcode"]["count"]) == ("2@early", 3)


async def test_an_expired_code_is_not_answered(api: Api) -> None:
    await api.create("a", token="tok")
    task = await waiting_request(api, api.client.get("/instance/connect/a", headers={"apikey": "tok"}))
    await api.worker.show_qr("a", "2@old", valid_ms=0)
    await api.worker.show_qr("a", "2@new", count=2)
    async with asyncio.timeout(10):
        answer = await task
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"pairingCode", "code", "base64", "count", "expiresAt"}
    assert (body["code"], body["count"]) == ("2@new", 2)


async def test_connect_of_an_open_session_answers_its_state(api: Api) -> None:
    await api.create("a")
    await api.worker.set_live("a", state="open", phase="open", owner_jid="55@s.whatsapp.net", paired=True)
    answer = await api.client.get("/instance/connect/a", headers=GLOBAL)
    assert (answer.status_code, answer.json()) == (200, {"instance": {"instanceName": "a", "state": "open"}})


async def test_a_session_that_opens_meanwhile_ends_the_wait(api: Api) -> None:
    await api.create("a")
    task = await waiting_request(api, api.client.get("/instance/connect/a", headers=GLOBAL))
    await api.worker.set_live("a", state="open", phase="open")
    async with asyncio.timeout(10):
        assert (await task).json() == {"instance": {"instanceName": "a", "state": "open"}}


@pytest.mark.parametrize(
    ("reason", "words"),
    [("refused", "refused"), ("qr-limit", "no phone scanned"), ("failed", "failed"), ("x-new-word", "x-new-word")],
)
async def test_a_session_that_ended_says_why_at_once(api: Api, reason: str, words: str) -> None:
    task = await waiting_request(api, creating(api))
    await api.worker.set_live("a", state="close", wanted=False, reason=reason)
    async with asyncio.timeout(10):
        answer = await task
    qr = answer.json()["qrcode"]
    assert answer.status_code == 201
    assert (qr["pairingCode"], qr["code"], qr["base64"], qr["count"]) == (None, None, None, 0)
    assert words in qr["message"]


async def test_an_instance_that_is_deleted_meanwhile_ends_the_wait(api: Api) -> None:
    await api.create("a")
    task = await waiting_request(api, api.client.get("/instance/connect/a", headers=GLOBAL))
    await api.client.delete("/instance/delete/a", headers=GLOBAL)
    async with asyncio.timeout(10):
        assert (await task).status_code == 404


async def test_connect_passes_a_checked_number_on(api: Api) -> None:
    await api.create("a")
    await api.worker.set_live("a", state="open")
    answer = await api.client.get("/instance/connect/a?number=12ab", headers=GLOBAL)
    assert answer.status_code == 400
    assert answer.json()["response"]["message"][0].startswith("number must be")
    await api.client.get("/instance/connect/a?number=559999999999", headers=GLOBAL)
    assert getattr(api.worker.handled[-1], "number", None) == "559999999999"


async def test_what_a_lost_worker_left_behind_is_not_shown(api: Api) -> None:
    await api.create("a")
    await api.worker.show_qr("a", "2@orphan")
    await api.worker.lose("a")
    task = await waiting_request(api, api.client.get("/instance/connect/a", headers=GLOBAL))
    await api.worker.show_qr("a", "2@adopted")
    async with asyncio.timeout(10):
        assert (await task).json()["code"] == "2@adopted"
    await api.worker.set_live("a", state="open", phase="open", qr=None)
    await api.worker.lose("a")
    answer = await api.client.get("/instance/connectionState/a", headers=GLOBAL)
    assert answer.json()["instance"]["state"] == "connecting"
    rows = (await api.client.get("/instance/fetchInstances", headers=GLOBAL)).json()
    assert rows[0]["instance"]["status"] == "connecting"


async def test_a_code_that_comes_while_the_state_is_being_read_is_not_missed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = api.store.instance
    armed = False

    async def read_then_change(name: str) -> StoredInstance | None:
        nonlocal armed
        stale = await read(name)
        if armed:
            armed = False
            await api.worker.show_qr(name, "2@between")
        return stale

    async def after(_: PlainCommand) -> None:
        nonlocal armed
        armed = True

    monkeypatch.setattr(api.store, "instance", read_then_change)
    api.worker.after = after
    async with asyncio.timeout(10):
        answer = await creating(api)
    assert answer.json()["qrcode"]["code"] == "2@between"
