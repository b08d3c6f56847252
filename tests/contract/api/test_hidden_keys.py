"""AUTHENTICATION_EXPOSE_IN_FETCH_INSTANCES=false, and SERVER_URL."""

import pytest

from pombo_common.config import Config
from tests.contract.api.conftest import GLOBAL, GLOBAL_KEY, Api

pytestmark = pytest.mark.asyncio


@pytest.fixture
def config() -> Config:
    """Return a configuration that hides tokens in lists and names its own address."""
    return Config(api_key=GLOBAL_KEY, expose_keys=False, server_url="https://api.example.com/")


async def test_lists_hide_tokens(api: Api) -> None:
    await api.create("a", token="secret-1")
    for key in (GLOBAL, {"apikey": "secret-1"}):
        answer = await api.client.get("/instance/fetchInstances", headers=key)
        row = answer.json()[0]["instance"]
        assert (row["apikey"], row["integration"]["token"]) == (None, None)
        assert row["serverUrl"] == "https://api.example.com"
        assert "secret-1" not in answer.text


async def test_a_commands_outcome_hides_the_token(api: Api) -> None:
    body = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS", "token": "secret-1"}
    await api.client.post("/instance/create", json=body, headers=GLOBAL | {"Idempotency-Key": "k1"})
    answer = await api.client.get("/commands/a/k1", headers=GLOBAL)
    assert answer.json()["result"]["instanceName"] == "a"
    assert "secret-1" not in answer.text
