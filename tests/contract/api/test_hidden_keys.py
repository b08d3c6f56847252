"""AUTHENTICATION_EXPOSE_IN_FETCH_INSTANCES=false, and SERVER_URL."""

from pathlib import Path

import pytest

from pombo_common.config import Config
from tests.contract.api.conftest import GLOBAL, GLOBAL_KEY, Api
from tests.contract.api.real import running

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


async def test_neither_v2_nor_an_outcome_shows_a_token_or_a_password(tmp_path: Path, config: Config) -> None:
    async with running(tmp_path, config) as real:
        fields = {"token": "secret-1", "proxyHost": "h", "proxyPort": 1, "proxyPassword": "secret-2"}
        body = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS"} | fields
        await real.client.post("/v2/instance/create", json=body, headers=GLOBAL | {"Idempotency-Key": "k1"})
        for path in ("/v2/instance/fetchInstances", "/commands/a/k1"):
            assert "secret" not in (await real.ask("GET", path)).text
        row = (await real.ask("GET", "/v2/instance/fetchInstances")).json()[0]
        assert (row["token"], row["Proxy"]["password"]) == ("", "")
