"""The OpenAPI document and its page: whole, true, and loading nothing from elsewhere."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

import pombo_api
from pombo_api.routes.health import WHATSAPP_WEB_VERSION
from tests.contract.api.conftest import GLOBAL, Api

pytestmark = pytest.mark.asyncio

ASSETS = Path(pombo_api.__file__).parent / "assets"
BAILEYS = Path(__file__).parents[3] / "node_modules/baileys/lib/Defaults/index.js"


async def document_of(api: Api) -> dict[str, Any]:
    answer = await api.client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document: dict[str, Any] = answer.json()
    return document


async def test_every_operation_is_told_whole(api: Api) -> None:
    document = await document_of(api)
    assert document["openapi"] == "3.1.0"
    assert document["components"]["securitySchemes"] == {"apikey": {"type": "apiKey", "in": "header", "name": "apikey"}}
    seen = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            seen.add(operation["operationId"])
            assert operation["summary"], path
            named = re.findall(r"\{(\w+)\}", path)
            told = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
            assert told == named, path
            keyed = any(each["name"] == "Idempotency-Key" for each in operation["parameters"])
            assert keyed == ("504" in operation["responses"]), path
            if "{instance}" in path:
                assert operation["security"] == [{"apikey": []}], path
                assert {"401", "404"} <= set(operation["responses"]), path
            if method == "post" and "restart" not in path and "/sandbox/{instance}/unlink" not in path:
                assert "requestBody" in operation or "400" in operation["responses"], path
    assert len(seen) == sum(len(methods) for methods in document["paths"].values())


async def test_no_reference_leads_nowhere(api: Api) -> None:
    document = await document_of(api)
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', (await api.client.get("/openapi.json")).text))
    assert named == set(document["components"]["schemas"]) & named
    assert "Envelope" in named


async def test_nothing_is_loaded_from_elsewhere(api: Api) -> None:
    page = await api.client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for answer in (page, await api.client.get("/docs/docs.js"), await api.client.get("/docs/docs.css")):
        assert answer.status_code == 200
        assert not re.search(r"https?:|//[\w-]+\.\w", answer.text)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        if not address.startswith("data:"):
            assert (await api.client.get(address)).status_code == 200, address


@pytest.mark.parametrize("name", ["docs.html", "..%2fapp.py", "%2e%2e%2fapp.py", "x", "docs.js%00"])
async def test_no_other_file_is_given(api: Api, name: str) -> None:
    answer = await api.client.get(f"/docs/{name}")
    assert (answer.status_code, answer.json()["error"]) == (404, "Not Found")


async def test_the_assets_are_small(api: Api) -> None:
    assert sum(file.stat().st_size for file in ASSETS.iterdir()) < 20_000


async def test_the_welcome_fetches_nothing_and_tells_the_pinned_version(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for prefix, version in (("/", "0.1.0"), ("/v2", "2.3.6"), ("/v2/", "2.3.6")):
        answer: httpx.Response = await api.client.get(prefix, headers=GLOBAL)
        assert answer.json() == {
            "status": 200,
            "message": "Welcome to Pombo, it is working!",
            "version": version,
            "clientName": "evolution_exchange",
            "documentation": "http://pombo.test/docs",
            "whatsappWebVersion": WHATSAPP_WEB_VERSION,
        }
    found = re.search(r"const version = \[(\d+), (\d+), (\d+)\]", BAILEYS.read_text())
    assert found is not None
    assert ".".join(found.groups()) == WHATSAPP_WEB_VERSION
