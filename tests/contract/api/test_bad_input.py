"""Bad input, row by row: the right status, one envelope, and a message that names the field and what is accepted.

The rows are those that were observed at the original; where it answered with a defect, ours says what is wrong.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from pombo_common.model.events import EVENT_NAMES
from tests.contract.api.real import GLOBAL, Real, running

B = {"integration": "WHATSAPP-BAILEYS"}
CREATE = "/instance/create"
BAD_NAME = "instanceName must start with a letter or digit"
NOT_JSON = "the request body is not valid JSON"
PRESENCES = "presence must be one of unavailable, available, composing, recording, paused"
GONE = 'The "ghost" instance does not exist'
ON = {"enabled": True}
URL = {"url": "http://127.0.0.1:9/"}

ROWS: list[tuple[str, str, object, int, list[str]]] = [
    ("POST", CREATE, B | {"instanceName": "s1"}, 403, ['This name "s1" is already in use.']),
    ("POST", CREATE, {}, 400, ["instanceName is required"]),
    ("POST", CREATE, B, 400, ["instanceName is required"]),
    ("POST", CREATE, [1, 2], 400, ["the request body must be an object, got an array"]),
    ("POST", CREATE, "abc", 400, ["the request body must be an object, got a string"]),
    ("POST", CREATE, None, 400, ["the request body must be an object, got null"]),
    ("POST", CREATE, B | {"instanceName": ""}, 400, ['The "instanceName" cannot be empty']),
    ("POST", CREATE, {"instanceName": ""}, 400, ['The "instanceName" cannot be empty']),
    ("POST", CREATE, B | {"instanceName": 5}, 400, ["instanceName must be text, got a number"]),
    ("POST", CREATE, B | {"instanceName": {"contains": "s"}}, 400, ["instanceName must be text, got an object"]),
    ("POST", CREATE, B | {"instanceName": "x" * 300}, 400, [BAD_NAME]),
    ("POST", CREATE, B | {"instanceName": "a\0b"}, 400, [BAD_NAME]),
    ("POST", CREATE, B | {"instanceName": "a/b"}, 400, [BAD_NAME]),
    ("POST", CREATE, B | {"instanceName": ".."}, 400, [BAD_NAME]),
    ("POST", CREATE, B | {"instanceName": "ünï"}, 400, [BAD_NAME]),
    ("POST", CREATE, B | {"instanceName": "a'; DROP"}, 400, [BAD_NAME]),
    ("POST", CREATE, B | {"instanceName": "__proto__"}, 400, [BAD_NAME]),
    ("POST", CREATE, {"instanceName": "n"}, 400, ["Invalid integration: integration must be one of WHATSAPP-BAILEYS"]),
    ("POST", CREATE, {"instanceName": "n", "integration": "NOPE"}, 400, ["Invalid integration"]),
    ("POST", CREATE, {"instanceName": "n", "integration": 5}, 400, ["integration must be text or null, got a number"]),
    ("POST", CREATE, B | {"instanceName": "n", "qrcode": "yes"}, 400, ["qrcode must be true or false, got a string"]),
    (
        "POST",
        CREATE,
        B | {"instanceName": "n", "rejectCall": "x", "groupsIgnore": 1},
        400,
        ["rejectCall must be true or false, got a string", "groupsIgnore must be true or false, got a number"],
    ),
    ("POST", CREATE, B | {"instanceName": "n", "number": "abc"}, 400, ["number must be 5 to 20 digits"]),
    ("POST", CREATE, B | {"instanceName": "n", "number": "٠١٢٣٤٥"}, 400, ["number must be 5 to 20 digits"]),
    ("POST", CREATE, B | {"instanceName": "n", "number": "+55"}, 400, ["number must be 5 to 20 digits"]),
    ("POST", CREATE, B | {"instanceName": "n", "token": 5}, 400, ["token must be text or null, got a number"]),
    ("POST", CREATE, B | {"instanceName": "n", "token": None, "qrcode": None}, 400, ["qrcode must be true or false"]),
    ("POST", CREATE, B | {"instanceName": "n", "token": "GLOBAL-KEY"}, 400, ["token must be"]),
    ("POST", CREATE, B | {"instanceName": "n", "webhook": ON}, 400, ['webhook requires property "url"']),
    ("POST", CREATE, B | {"instanceName": "n", "webhook": {"url": "x"}}, 400, ["webhook.url must be an address"]),
    (
        "POST",
        CREATE,
        B | {"instanceName": "n", "webhook": URL | {"events": ["NOPE"]}},
        400,
        ["webhook.events[0] is not one of APPLICATION_STARTUP, "],
    ),
    ("POST", CREATE, B | {"instanceName": "n", "proxyHost": "h", "proxyPort": 0}, 400, ["proxy port must be a number"]),
    *(
        (
            "POST",
            CREATE,
            B | {"instanceName": "n", "proxyHost": "h", "proxyPort": port} | more,
            400,
            ["proxy port must"],
        )
        for port in ("²", "٣", "9" * 5000, 10**40)
        for more in ({}, {"qrcode": True})
    ),
    (
        "POST",
        CREATE,
        B | {"instanceName": "n", "chatwootUrl": "http://[", "chatwootAccountId": "1", "chatwootToken": "t"},
        400,
        ["chatwootUrl must be an address"],
    ),
    (
        "POST",
        CREATE,
        {"instanceName": "n", "integration": "WHATSAPP-BUSINESS"},
        400,
        ["WHATSAPP-BUSINESS is not avail"],
    ),
    *(
        ("POST", CREATE, B | {"instanceName": "n", sink: ON}, 400, [f"{sink} is not available in this version"])
        for sink in ("websocket", "nats", "kafka", "pusher")
    ),
    ("POST", CREATE, B | {"instanceName": "n", "rabbitmq": ON}, 400, ["rabbitmq is not available here: set RABBITMQ_"]),
    ("POST", CREATE, B | {"instanceName": "n", "sqs": {}}, 400, ["sqs is not available here: set SQS_ENABLED=true"]),
    ("POST", CREATE, B | {"instanceName": "n", "sqs": {"events": ["x"]}}, 400, ["sqs.events[0] is not one of APPLICA"]),
    (
        "POST",
        CREATE,
        B | {"instanceName": "n", "nats": {}, "kafka": [], "pusher": {"enabled": False}, "wavoipToken": "w"},
        400,
        ["nats is not available", "kafka is not available", "wavoipToken is not available"],
    ),
    *(
        (method, f"/{path}/ghost", {}, 404, [GONE])
        for method, path in (
            ("GET", "instance/connect"),
            ("GET", "instance/connectionState"),
            ("PUT", "instance/restart"),
            ("POST", "instance/restart"),
            ("DELETE", "instance/logout"),
            ("DELETE", "instance/delete"),
            ("POST", "instance/setPresence"),
            ("POST", "webhook/set"),
            ("GET", "webhook/find"),
            ("POST", "settings/set"),
            ("GET", "settings/find"),
            ("POST", "proxy/set"),
            ("GET", "proxy/find"),
            ("POST", "rabbitmq/set"),
            ("GET", "sqs/find"),
            ("POST", "kafka/set"),
            ("GET", "nats/find"),
            ("POST", "sqs/set"),
        )
    ),
    ("GET", "/instance/fetchInstances?instanceName=ghost", None, 404, ['Instance "ghost" not found']),
    ("GET", "/instance/fetchInstances?instanceId=1", None, 404, ['Instance "1" not found']),
    ("GET", "/instance/fetchInstances?number=1", None, 404, ['Instance "1" not found']),
    ("GET", "/instance/fetchInstances?instanceName=s1&instanceName=s2", None, 404, ['Instance "s1,s2" not found']),
    ("GET", "/instance/connect", None, 404, ["Cannot GET /instance/connect"]),
    ("PATCH", "/instance/create", None, 404, ["Cannot PATCH /instance/create"]),
    ("POST", "/message/sendText/s1", {}, 400, ["number is required", "text is required"]),
    ("POST", "/message/sendText/s1", {"number": "1555", "text": "x"}, 400, ["number must be 5 to 15 digits"]),
    ("POST", "/message/sendText/s1", {"number": "15557770001", "text": " "}, 400, ["Text is required"]),
    ("POST", "/message/sendText/s1", {"number": "15557770001", "text": "x", "delay": -1}, 400, ["delay must be"]),
    ("POST", "/message/sendMedia/s1", {}, 400, ["number is required", "mediatype is required"]),
    (
        "POST",
        "/message/sendMedia/s1",
        {"number": "1", "mediatype": "image"},
        400,
        ["Owned media must be a url or base64"],
    ),
    (
        "POST",
        "/message/sendMedia/s1",
        {"number": "15557770001", "mediatype": "image", "media": "http://[x"},
        400,
        ["Owned media must be a url or base64"],
    ),
    ("POST", "/chat/whatsappNumbers/s1", {}, 400, ["numbers is required"]),
    ("POST", "/chat/markMessageAsRead/s1", {}, 400, ["readMessages is required"]),
    ("POST", "/chat/sendPresence/s1", {"number": "15557770001"}, 400, ["presence is required"]),
    ("GET", "/instance/connect/s1?number=abc", None, 400, ["number must be 5 to 20 digits"]),
    *(
        ("GET", f"/instance/connect/s1?number={number}", None, 400, ["number must be 7 to 15 digits, the first of"])
        for number in ("12345", "0551199999999", "1" * 16, "012345@s.whatsapp.net")
    ),
    (
        "POST",
        CREATE,
        B | {"instanceName": "n", "number": "12345", "qrcode": True},
        400,
        ["number must be 7 to 15 digits, the first of"],
    ),
    ("GET", "/instance/connect/s1?number=15551230001&code=AB", None, 400, ["code must be 8 characters"]),
    ("GET", "/instance/connect/s1?code=ABCD1234", None, 400, ["number is required with code"]),
    ("DELETE", "/instance/logout/s1", None, 400, ['The "s1" instance is not connected']),
    ("POST", "/instance/setPresence/s1", {}, 400, ["presence is required"]),
    ("POST", "/instance/setPresence/s1", {"presence": "x"}, 400, [PRESENCES]),
    ("POST", "/instance/setPresence/s1", {"presence": 5}, 400, ["presence must be text, got a number"]),
    ("POST", "/instance/setPresence/s1", {"presence": "available"}, 400, ['The "s1" instance is not connected']),
    ("POST", "/webhook/set/s1", {}, 400, ["webhook is required: an object with url, enabled and events"]),
    ("POST", "/webhook/set/s1", {"webhook": ON}, 400, ['webhook requires property "url"']),
    ("POST", "/webhook/set/s1", {"webhook": URL | {"events": ["NOPE"]}}, 400, ["webhook.events[0] is not one of APPL"]),
    ("POST", "/webhook/set/s1", {"webhook": ON | {"url": "not a url"}}, 400, ["webhook.url must be an address that"]),
    (
        "POST",
        "/webhook/set/s1",
        {"webhook": {"enabled": "x", "url": 5, "events": "y"}},
        400,
        ["webhook.enabled must be true or false", "webhook.url must be text", "webhook.events must be an array"],
    ),
    ("POST", "/rabbitmq/set/s1", {}, 400, ["rabbitmq is required: an object with enabled and events"]),
    ("POST", "/rabbitmq/set/s1", {"rabbitmq": {}}, 400, ["rabbitmq.enabled is required: true or false"]),
    ("POST", "/rabbitmq/set/s1", {"rabbitmq": ON}, 400, ["rabbitmq is not available here: set RABBITMQ_URI"]),
    ("POST", "/rabbitmq/set/s1", ON | {"events": ["x"]}, 400, ["rabbitmq.events[0] is not one of APPLICATION_STARTUP"]),
    ("POST", "/sqs/set/s1", {}, 400, ["sqs is required: an object with enabled and events"]),
    ("POST", "/sqs/set/s1", ON, 400, ["sqs is not available here: set SQS_ENABLED=true"]),
    ("POST", "/sqs/set/s1", {"sqs": {"enabled": 1}}, 400, ["sqs.enabled must be true or false"]),
    (
        "POST",
        "/settings/set/s1",
        {"rejectCall": True, "msgCall": 5},
        400,
        ["msgCall must be text, got a number"]
        + [f"{name} is required" for name in ("groupsIgnore", "alwaysOnline", "readMessages", "readStatus")]
        + ["syncFullHistory is required"],
    ),
    ("POST", "/proxy/set/s1", {}, 400, ["enabled is required"]),
    ("POST", "/proxy/set/s1", ON, 400, ["proxy host must not be empty"]),
    ("POST", "/proxy/set/s1", ON | {"host": "h", "port": "x"}, 400, ["proxy port must be a number from 1 to 65535"]),
    ("POST", "/proxy/set/s1", ON | {"host": "h", "port": 1, "protocol": "ftp"}, 400, ["proxy protocol must be one of"]),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Real]:
    """Yield the API with one closed instance, for all rows."""
    folder: Path = tmp_path_factory.mktemp("bad-input")
    async with running(folder) as real:
        await real.create("s1", token="TOK-S1", **B)
        yield real


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("prefix", ["", "/v2"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]} {json.dumps(row[2])[:60]}")
async def test_bad_input_is_refused_with_words(
    real: Real, prefix: str, row: tuple[str, str, Any, int, list[str]]
) -> None:
    method, path, body, status, begins = row
    content = json.dumps(body) if method == "POST" else None
    answer = await real.client.request(method, prefix + path, content=content, headers=GLOBAL)
    assert answer.status_code == status, answer.text
    shown = answer.json()
    assert list(shown) == ["status", "error", "response"]
    assert (shown["status"], list(shown["response"])) == (status, ["message"])
    messages = [text.replace(f"Cannot {method} {prefix}", f"Cannot {method} ") for text in shown["response"]["message"]]
    assert len(messages) == len(begins), messages
    assert all(text.startswith(begin) for text, begin in zip(messages, begins, strict=True)), messages
    assert len(answer.content) < 3000


@pytest.mark.asyncio(loop_scope="module")
async def test_nothing_of_it_was_stored(real: Real) -> None:
    rows = (await real.ask("GET", "/instance/fetchInstances")).json()
    assert [row["instance"]["instanceName"] for row in rows] == ["s1"]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("raw", [b"", b" ", b'{"instanceName": "a",}', b'{"a', b"nope", b"[" * 50_000, b'"\xff"'])
async def test_malformed_json_is_a_bad_request(real: Real, raw: bytes) -> None:
    for headers, status in ((GLOBAL, 400), ({}, 401)):
        answer = await real.client.post(CREATE, content=raw, headers=headers)
        assert answer.status_code == status
        assert answer.json()["response"]["message"] == ([NOT_JSON] if status == 400 else "Unauthorized")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=foo"])
async def test_other_content_types_are_refused(real: Real, kind: str) -> None:
    answer = await real.client.post(CREATE, content=b"a=b", headers=GLOBAL | {"content-type": kind})
    assert answer.status_code == 415
    assert answer.json()["response"]["message"] == ["the request body must be application/json in UTF-8"]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "path", [CREATE, "/webhook/set/s1", "/settings/set/s1", "/proxy/set/s1", "/sqs/set/s1", "/instance/setPresence/s1"]
)
async def test_more_than_a_mebibyte_is_refused_before_it_is_parsed(real: Real, path: str) -> None:
    answer = await real.client.post(path, content=b"[" * (1024 * 1024 + 1), headers=GLOBAL)
    assert answer.status_code == 413
    assert answer.json()["response"]["message"] == ["the request body is too large; at most 1 MiB is accepted"]


@pytest.mark.asyncio(loop_scope="module")
async def test_what_the_original_refused_by_mistake_is_accepted(real: Real) -> None:
    accepted: dict[str, dict[str, Any]] = {
        "constructor": {},
        "no-events": {"webhook": URL},
        "all-events": {"webhook": URL | {"events": []}},
        "same-token": {"token": "TOK-S1"},
        "numbers": {"chatwootAccountId": 1, "number": 559999999999, "proxyHost": "h", "proxyPort": 3128},
        "texts": {"chatwootAccountId": "1", "number": "559999999999", "proxyHost": "h", "proxyPort": "3128"},
        "off": {"websocket": {"enabled": False}, "rabbitmq": {"enabled": False}, "nats": None, "unknown": 1},
    }
    for name, fields in accepted.items():
        await real.create(name, **(B | fields))
    answer = await real.ask("POST", "/webhook/set/s1", {"webhook": ON | URL})
    assert (answer.status_code, answer.json()["events"]) == (201, list(EVENT_NAMES))
