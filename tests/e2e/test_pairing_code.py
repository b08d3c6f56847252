"""Linking by a code that is typed on the phone: with and without a QR code before it, and after an abandoned one."""

from typing import Any

import pytest

from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio


async def pairing_code(client: PomboClient, name: str, query: str) -> dict[str, Any]:
    """Ask for a pairing code and return the answer."""
    answer = await client.call("GET", f"/instance/connect/{name}?{query}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    assert len(shown["pairingCode"]) == 8
    assert shown["code"]
    return shown


async def type_code(client: PomboClient, name: str, code: str) -> None:
    """Type a code on the phone; the session is open afterwards."""
    answer = await client.call("POST", f"/sandbox/{name}/pair", {"code": f"{code[:4]}-{code[4:]}".lower()})
    await client.linked(name, answer)


@pytest.mark.parametrize("before", ["nothing", "a QR code"])
async def test_a_code_is_asked_for_typed_and_the_session_opens(
    client: PomboClient, receiver: WebhookReceiver, before: str
) -> None:
    name, number = fresh_name("code"), fresh_number()
    await client.create(name, webhook=receiver.url, qrcode=before != "nothing")
    shown = await pairing_code(client, name, f"number={number}")
    assert await pairing_code(client, name, f"number={number}") == shown  # one code, for as long as it lives

    def last_told() -> bool:
        told = receiver.of(name, "qrcode.updated")
        return bool(told) and told[-1].data["qrcode"]["pairingCode"] == shown["pairingCode"]

    # Before it is typed: a code that was not delivered by then is wanted no more.
    await eventually(last_told, what="the code at the webhook")
    await type_code(client, name, shown["pairingCode"])


async def test_a_number_given_at_creation_brings_a_code_beside_the_qr_code(client: PomboClient) -> None:
    name = fresh_name("code")
    created = await client.create(name, number=fresh_number())
    assert created["qrcode"]["code"]
    await type_code(client, name, created["qrcode"]["pairingCode"])


@pytest.mark.parametrize("end", ["restart", "logout", "kill"])
async def test_an_abandoned_code_does_no_harm_to_the_next_connect(client: PomboClient, end: str) -> None:
    name, number, other = fresh_name("code"), fresh_number(), fresh_number()
    await client.create(name, qrcode=False)
    abandoned = await pairing_code(client, name, f"number={number}&code=ABCD1234")
    assert abandoned["pairingCode"] == "ABCD1234"
    if end == "kill":
        client.deployment.worker.kill()
        client.deployment.worker.start()
        await client.wait_for(name, "close")
    else:
        method = "DELETE" if end == "logout" else "POST"
        assert (await client.call(method, f"/instance/{end}/{name}")).status_code == 200
    if end != "restart":  # a restarted session asks for the wanted code again
        dead = await client.call("POST", f"/sandbox/{name}/pair", {"code": "ABCD1234"})
        assert dead.status_code in (409, 410), dead.text
    fresh = await pairing_code(client, name, f"number={other}")
    assert fresh["pairingCode"] != "ABCD1234"
    await type_code(client, name, fresh["pairingCode"])
