"""Pairing codes: answered for exactly the number that was asked, or why there is none."""

import asyncio

import pytest

from pombo_common.config import Config
from pombo_common.model.commands import InstanceConnect, PlainCommand
from pombo_common.model.instance import PAIRING_REFUSED
from tests.contract.api.conftest import GLOBAL, GLOBAL_KEY, Api
from tests.contract.api.waiting_requests import waiting_request

pytestmark = pytest.mark.asyncio

NUMBER = "559999999999"


@pytest.fixture
def config() -> Config:
    """Return a wait that no test could sit out."""
    return Config(api_key=GLOBAL_KEY, connect_seconds=3600.0)


async def test_connect_waits_for_the_code_of_its_own_number(api: Api) -> None:
    await api.create("a")
    task = await waiting_request(api, api.client.get(f"/instance/connect/a?number={NUMBER}", headers=GLOBAL))
    await api.worker.show_qr("a", "2@first")
    await api.worker.set_live("a", pairing_code="OTHERONE", pairing_number="15550000000")
    await api.worker.set_live("a", reason="still-waiting")
    assert not task.done()
    await api.worker.set_live("a", pairing_code="WZYEH1YY", pairing_number=NUMBER, reason=None)
    async with asyncio.timeout(10):
        answer = await task
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == ["pairingCode", "code", "base64", "count", "expiresAt"]
    assert (body["pairingCode"], body["code"], body["count"]) == ("WZYEH1YY", "2@first", 1)


async def test_a_code_that_is_out_already_is_answered_at_once(api: Api) -> None:
    await api.create("a")
    await api.worker.show_qr("a", "2@first")
    await api.worker.set_live("a", pairing_code="WZYEH1YY", pairing_number=NUMBER)

    async def stay(command: PlainCommand) -> None:
        await api.worker.show_qr("a", "2@first")

    api.worker.after = stay
    async with asyncio.timeout(10):
        answer = await api.client.get(f"/instance/connect/a?number={NUMBER}@s.whatsapp.net", headers=GLOBAL)
    assert answer.json()["pairingCode"] == "WZYEH1YY"


async def test_ones_own_code_is_passed_on_as_whatsapp_wants_it(api: Api) -> None:
    await api.create("a")
    await api.worker.set_live("a", state="open")
    await api.client.get(f"/instance/connect/a?number={NUMBER}&code=abcd-1234", headers=GLOBAL)
    sent = api.worker.handled[-1]
    assert isinstance(sent, InstanceConnect)
    assert (sent.number, sent.code) == (NUMBER, "ABCD1234")


REFUSED = "No pairing code: WhatsApp refused to give one for this number; check it, or scan the QR code instead"


async def test_a_refusal_is_told_at_once_and_one_of_an_earlier_wish_is_not(api: Api) -> None:
    await api.create("a")
    await api.worker.show_qr("a", "2@first")
    await api.worker.set_live("a", reason=PAIRING_REFUSED, since=1_000)
    task = await waiting_request(api, api.client.get(f"/instance/connect/a?number={NUMBER}", headers=GLOBAL))
    await api.worker.set_live("a", reason=PAIRING_REFUSED, status_reason=201)
    assert not task.done()
    await api.worker.set_live("a", reason=PAIRING_REFUSED, since=2_000)
    async with asyncio.timeout(10):
        answer = await task
    assert (answer.status_code, answer.json()["response"]["message"]) == (504, [REFUSED])


async def test_create_tells_a_refusal_beside_the_qr_code(api: Api) -> None:
    body = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS", "qrcode": True, "number": NUMBER}
    task = await waiting_request(api, api.client.post("/instance/create", json=body, headers=GLOBAL))
    await api.worker.show_qr("a", "2@first")
    await api.worker.set_live("a", reason=PAIRING_REFUSED, since=2_000)
    async with asyncio.timeout(10):
        answer = await task
    qr = answer.json()["qrcode"]
    assert (answer.status_code, qr["code"], qr["message"]) == (201, "2@first", REFUSED)


async def test_a_session_that_opens_ends_the_wait(api: Api) -> None:
    await api.create("a")
    task = await waiting_request(api, api.client.get(f"/instance/connect/a?number={NUMBER}", headers=GLOBAL))
    await api.worker.set_live("a", state="open", phase="open")
    async with asyncio.timeout(10):
        assert (await task).json() == {"instance": {"instanceName": "a", "state": "open"}}


async def test_create_with_a_number_waits_for_both_codes(api: Api) -> None:
    body = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS", "qrcode": True, "number": int(NUMBER)}
    task = await waiting_request(api, api.client.post("/v2/instance/create", json=body, headers=GLOBAL))
    await api.worker.show_qr("a", "2@first")
    await api.worker.set_live("a", reason="still-waiting")
    assert not task.done()
    await api.worker.set_live("a", pairing_code="WZYEH1YY", pairing_number=NUMBER)
    async with asyncio.timeout(10):
        qr = (await task).json()["qrcode"]
    assert (qr["pairingCode"], qr["code"], qr["count"]) == ("WZYEH1YY", "2@first", 1)


class TestWithoutACode:
    """What is answered when the deadline passes with a QR code and no pairing code."""

    @pytest.fixture
    def config(self) -> Config:
        """Return a wait that is over soon."""
        return Config(api_key=GLOBAL_KEY, connect_seconds=0.2)

    async def test_connect_says_why(self, api: Api) -> None:
        await api.create("a")

        async def only_a_qr_code(_: PlainCommand) -> None:
            await api.worker.show_qr("a", "2@first")

        api.worker.after = only_a_qr_code
        answer = await api.client.get(f"/instance/connect/a?number={NUMBER}", headers=GLOBAL)
        assert answer.status_code == 504
        message = answer.json()["response"]["message"]
        assert message == [
            "No pairing code: WhatsApp gave none for this number; connect again, or scan the QR code instead"
        ]

    @pytest.mark.parametrize("prefix", ["", "/v2"])
    async def test_create_answers_the_qr_code_and_says_why(self, api: Api, prefix: str) -> None:
        async def only_a_qr_code(_: PlainCommand) -> None:
            await api.worker.show_qr("a", "2@first")

        api.worker.after = only_a_qr_code
        body = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS", "qrcode": True, "number": NUMBER}
        answer = await api.client.post(f"{prefix}/instance/create", json=body, headers=GLOBAL)
        qr = answer.json()["qrcode"]
        assert (answer.status_code, qr["code"], qr["pairingCode"]) == (201, "2@first", None)
        assert qr["message"].startswith("No pairing code: WhatsApp gave none")

    async def test_v2_shows_no_null_where_no_code_came(self, api: Api) -> None:
        body = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS", "qrcode": True}
        qr = (await api.client.post("/v2/instance/create", json=body, headers=GLOBAL)).json()["qrcode"]
        assert list(qr) == ["count", "message"]
        assert qr["count"] == 0
        assert qr["message"].startswith("No QR code")
