"""One envelope for every refusal, with sentences that name the field."""

import json
from typing import Any

import pytest

from tests.contract.api.conftest import GLOBAL, Api

pytestmark = pytest.mark.asyncio


def message_of(answer: Any, status: int, error: str) -> list[str]:  # noqa: ANN401 - an httpx response
    body = answer.json()
    assert (answer.status_code, body["status"], body["error"]) == (status, status, error)
    assert set(body) == {"status", "error", "response"}
    message: list[str] = body["response"]["message"]
    assert all(isinstance(line, str) for line in message)
    return message


async def test_unknown_routes_and_methods_echo_the_path_alone(api: Api) -> None:
    answer = await api.client.get("/nothing/here?apikey=SECRET", headers=GLOBAL)
    assert message_of(answer, 404, "Not Found") == ["Cannot GET /nothing/here"]
    answer = await api.client.put("/instance/create", headers=GLOBAL)
    assert message_of(answer, 404, "Not Found") == ["Cannot PUT /instance/create"]
    answer = await api.client.get("/instance/connect", headers=GLOBAL)
    assert message_of(answer, 404, "Not Found") == ["Cannot GET /instance/connect"]


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, ["instanceName is required"]),
        ([1, 2], ["the request body must be an object, got an array"]),
        ("abc", ["the request body must be an object, got a string"]),
        (None, ["the request body must be an object, got null"]),
        ({"instanceName": ""}, ['The "instanceName" cannot be empty']),
        ({"instanceName": 5}, ["instanceName must be text, got a number"]),
        ({"instanceName": {"contains": "s"}}, ["instanceName must be text, got an object"]),
        (
            {"instanceName": "a", "qrcode": "yes", "rejectCall": 1, "number": True, "token": 5},
            [
                "token must be text or null, got a number",
                "qrcode must be true or false, got a string",
                "number must be a whole number or text or null, got a boolean",
                "rejectCall must be true or false, got a number",
            ],
        ),
        ({"instanceName": "a", "msgCall": "x" * 5000}, ["msgCall must have at most 4096 characters"]),
        (
            {"instanceName": "a", "chatwootDaysLimitImportMessages": -1},
            ["chatwootDaysLimitImportMessages must be at least 0"],
        ),
        (
            {"instanceName": "a", "webhook": {"url": "http://x", "events": ["CALL", 1]}},
            ["webhook.events[1] must be text, got a number"],
        ),
        ({"instanceName": "a", "webhook": []}, ["webhook must be an object or null, got an array"]),
        (
            {"instanceName": "a"},
            ["Invalid integration: integration must be one of WHATSAPP-BAILEYS, WHATSAPP-BUSINESS, WHATSAPP-SANDBOX"],
        ),
        (
            {"instanceName": "a", "integration": "WHATSAPP-BUSINESS"},
            ["WHATSAPP-BUSINESS is not available in this version"],
        ),
    ],
)
async def test_create_names_every_field_that_cannot_be_used(api: Api, body: object, messages: list[str]) -> None:
    answer = await api.client.post("/instance/create", content=json.dumps(body), headers=GLOBAL)
    assert message_of(answer, 400, "Bad Request") == messages
    assert api.worker.handled == []


@pytest.mark.parametrize(
    "raw", [b"", b"{", b'{"instanceName": "a",}', b"\xff\xfe", b'"\xff"', b"[" * 100_000, b"{} {}"]
)
async def test_malformed_json_is_a_bad_request(api: Api, raw: bytes) -> None:
    answer = await api.client.post("/instance/create", content=raw, headers=GLOBAL)
    assert message_of(answer, 400, "Bad Request") == ["the request body is not valid JSON"]


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "application/json; charset=foo", "multipart/form-data"]
)
async def test_other_content_types_are_refused(api: Api, kind: str) -> None:
    answer = await api.client.post("/instance/create", content=b"a=b", headers=GLOBAL | {"content-type": kind})
    message_of(answer, 415, "Unsupported Media Type")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=UTF-8", "application/vnd.x+json", None]
)
async def test_json_is_taken_with_and_without_a_content_type(api: Api, kind: str | None) -> None:
    raw = b'{"instanceName": "a", "integration": "WHATSAPP-BAILEYS"}'
    headers = GLOBAL | ({} if kind is None else {"content-type": kind})
    assert (await api.client.post("/instance/create", content=raw, headers=headers)).status_code == 201


async def test_a_large_body_is_refused_before_it_is_parsed_and_after_the_key(api: Api) -> None:
    large = b"{" + b" " * (1024 * 1024)
    answer = await api.client.post("/instance/create", content=large, headers=GLOBAL)
    message_of(answer, 413, "Request Entity Too Large")
    assert (await api.client.post("/instance/create", content=large)).status_code == 401


async def test_an_unexpected_error_tells_nothing(api: Api, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:  # noqa: ANN401
    secret = "SECRET-TEXT"

    async def broken() -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(api.store, "instances", broken)
    answer = await api.client.get("/instance/fetchInstances", headers=GLOBAL)
    assert message_of(answer, 500, "Internal Server Error") == ["Internal server error"]
    logged = "".join(capsys.readouterr())
    assert "RuntimeError" in logged
    assert secret not in logged
    assert "GLOBAL-KEY" not in logged


async def test_every_answer_forbids_keeping_and_guessing(api: Api) -> None:
    for path in ("/", "/nothing", "/instance/fetchInstances"):
        headers = (await api.client.get(path)).headers
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
        assert not {"x-powered-by", "server"} & set(headers)


async def test_without_a_sandbox_its_routes_are_unknown(api: Api) -> None:
    await api.create("a")
    for path in ("/sandbox/a/scan", "/sandbox/a/message"):
        answer = await api.client.post(path, json={}, headers=GLOBAL)
        assert (answer.status_code, answer.json()["response"]["message"]) == (404, [f"Cannot POST {path}"])
