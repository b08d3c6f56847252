"""What older clients send: snake_case names, flat objects, empty bodies, trailing slashes, numbers as text."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.contract.api.real import GLOBAL, Real, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

SNAKE = {
    "reject_call": True,
    "msg_call": "no calls",
    "groups_ignore": True,
    "always_online": True,
    "read_messages": True,
    "read_status": True,
    "sync_full_history": True,
}
JSON = GLOBAL | {"content-type": "application/json"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Real]:
    """Yield the API with one instance."""
    async with running(tmp_path_factory.mktemp("spellings")) as real:
        await real.create("s1")
        yield real


async def test_create_takes_the_names_of_version_1(real: Real) -> None:
    created = await real.create("v1", **SNAKE)
    assert created["settings"] == SNAKE


async def test_todays_name_counts_when_both_are_given(real: Real) -> None:
    created = await real.create("both", reject_call=True, rejectCall=False, msg_call="old", msgCall="new")
    assert (created["settings"]["reject_call"], created["settings"]["msg_call"]) == (False, "new")


async def test_create_takes_the_flat_webhook_of_version_1(real: Real) -> None:
    address = "http://127.0.0.1:9/x"
    created = await real.create("flat", webhook=address, webhook_by_events=True, events=["CALL"])
    assert (created["webhook"]["webhookUrl"], created["webhook"]["webhookByEvents"]) == (address, True)
    found = (await real.ask("GET", "/webhook/find/flat")).json()
    assert (found["url"], found["events"], found["webhookByEvents"]) == (address, ["CALL"], True)
    assert "webhook" not in await real.create("flat-empty", webhook="")


async def test_create_takes_proxy_and_sinks_of_version_1(real: Real) -> None:
    await real.create("proxied", proxy={"host": "h", "port": "3128", "protocol": "http"}, sqs_enabled=False)
    assert (await real.ask("GET", "/proxy/find/proxied")).json()["port"] == "3128"
    for sink in ("rabbitmq", "sqs", "websocket"):
        body = {"instanceName": "n", "integration": "WHATSAPP-BAILEYS", f"{sink}_enabled": True, f"{sink}_events": []}
        answer = await real.ask("POST", "/instance/create", body)
        assert answer.json()["response"]["message"][0].startswith(f"{sink} is not available ")


@pytest.mark.parametrize("account", [7, "7"])
async def test_create_takes_chatwoot_and_says_that_nothing_uses_it(real: Real, account: object) -> None:
    fields = {"chatwoot_account_id": account, "chatwootToken": "cw", "chatwoot_url": "https://chat.example.com"}
    for prefix in ("", "/v2"):
        body = {"instanceName": f"cw{prefix[1:]}{account!r}".replace("'", "-"), "integration": "WHATSAPP-BAILEYS"}
        answer = await real.ask("POST", f"{prefix}/instance/create", body | fields)
        assert answer.status_code == 201
        assert answer.json()["chatwoot"] == {"enabled": False, "message": "not available in this version"}


@pytest.mark.parametrize(
    "body",
    [
        {"webhook": {"url": "http://127.0.0.1:9/", "webhookByEvents": True, "webhookBase64": True}},
        {"webhook": {"url": "http://127.0.0.1:9/", "byEvents": True, "base64": True}},
        {"webhook": {"url": "http://127.0.0.1:9/", "webhook_by_events": True, "webhook_base64": True}},
        {"url": "http://127.0.0.1:9/", "webhook_by_events": True, "webhook_base64": True, "enabled": True},
    ],
)
async def test_webhook_set_takes_every_spelling(real: Real, body: dict[str, Any]) -> None:
    await real.ask("POST", "/webhook/set/s1", {"webhook": {"url": "http://x", "byEvents": False, "base64": False}})
    answer = await real.ask("POST", "/webhook/set/s1", body)
    assert (answer.status_code, answer.json()["webhookByEvents"], answer.json()["webhookBase64"]) == (201, True, True)


async def test_headers_of_a_webhook_keep_their_names(real: Real) -> None:
    headers = {"reject_call": "1", "by_events": "2"}
    answer = await real.ask("POST", "/webhook/set/s1", {"webhook": {"url": "http://127.0.0.1:9/", "headers": headers}})
    assert answer.json()["headers"] == headers


async def test_settings_and_sinks_take_older_spellings(real: Real) -> None:
    answer = await real.ask("POST", "/v2/settings/set/s1", SNAKE)
    assert answer.json()["settings"]["settings"]["msgCall"] == "no calls"
    for sink in ("rabbitmq", "sqs"):
        answer = await real.ask("POST", f"/{sink}/set/s1", {"enabled": False, "events": []})
        assert (answer.status_code, answer.json()["enabled"]) == (201, False)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/instance/connectionState/s1/", 200),
        ("GET", "/v2/instance/fetchInstances/", 200),
        ("GET", "/webhook/find/s1/", 200),
        ("DELETE", "/instance/logout/s1/", 400),
        ("PUT", "/instance/restart/s1/", 200),
        ("GET", "/instance/connect/s1/", 200),
        ("DELETE", "/instance/delete/s1/", 200),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{}", b"{broken", b"null"])
async def test_a_body_where_none_is_needed_is_not_looked_at(
    real: Real, method: str, path: str, status: int, body: bytes
) -> None:
    if await real.store.instance("s1") is None:
        await real.create("s1")
    if "logout" in path:
        await real.ask("DELETE", "/instance/delete/s1")
        await real.create("s1")
    assert (await real.client.request(method, path, content=body, headers=JSON)).status_code == status
