"""When no QR code comes within POMBO_CONNECT_SECONDS."""

import pytest

from pombo_common.config import Config
from pombo_common.model.commands import PlainCommand
from tests.contract.api.conftest import GLOBAL, GLOBAL_KEY, Api

pytestmark = pytest.mark.asyncio


@pytest.fixture
def config() -> Config:
    """Return a wait that is over soon."""
    return Config(api_key=GLOBAL_KEY, connect_seconds=0.2)


async def unreachable(api: Api) -> None:
    async def after(command: PlainCommand) -> None:
        await api.worker.set_live(
            command.instance, state="connecting", phase="waiting", reason="cannot-reach-whatsapp", wanted=True
        )

    api.worker.after = after


async def test_create_answers_201_and_says_why(api: Api) -> None:
    await unreachable(api)
    body = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS", "qrcode": True}
    answer = await api.client.post("/instance/create", json=body, headers=GLOBAL)
    assert answer.status_code == 201
    assert answer.json()["qrcode"] == {
        "pairingCode": None,
        "code": None,
        "base64": None,
        "count": 0,
        "message": "No QR code: WhatsApp cannot be reached at the moment; Pombo keeps trying",
    }


async def test_connect_answers_504_and_says_why(api: Api) -> None:
    await api.create("a")
    await unreachable(api)
    answer = await api.client.get("/instance/connect/a", headers=GLOBAL)
    assert answer.status_code == 504
    assert answer.json() == {
        "status": 504,
        "error": "Gateway Timeout",
        "response": {"message": ["No QR code: WhatsApp cannot be reached at the moment; Pombo keeps trying"]},
    }


async def test_connect_without_a_reason_asks_for_patience(api: Api) -> None:
    await api.create("a")
    answer = await api.client.get("/instance/connect/a", headers=GLOBAL)
    assert answer.status_code == 504
    assert "connect again" in answer.json()["response"]["message"][0]


async def test_the_store_going_away_after_a_create_does_not_hide_the_instance(api: Api) -> None:
    async def after(_: PlainCommand) -> None:
        await api.store.close()

    api.worker.after = after
    body = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS", "qrcode": True, "token": "tok"}
    answer = await api.client.post("/instance/create", json=body, headers=GLOBAL)
    assert answer.status_code == 201
    assert answer.json()["hash"] == {"apikey": "tok"}
    assert "store" in answer.json()["qrcode"]["message"]
