"""Bodies that no decoder reads, because of their bytes or their depth: refused as bad requests on every path."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.contract.api.real import GLOBAL, Real, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEEP = b"[" * 100_000
TAKES_JSON = [
    "/message/sendText/s1",
    "/message/sendMedia/s1",
    "/chat/whatsappNumbers/s1",
    "/chat/markMessageAsRead/s1",
    "/chat/sendPresence/s1",
    "/instance/setPresence/s1",
    "/webhook/set/s1",
    "/rabbitmq/set/s1",
    "/sqs/set/s1",
    "/settings/set/s1",
    "/proxy/set/s1",
]
UNREADABLE = [
    b'{"number": "caf\xe9"}',
    b'{"n\xe3o": 1}',
    b'{"media": "\xe9"}',
    b'{"media": {"a": "\xe9"}}',
    b'{"mediaMessage": {"media": ["\xe9"]}}',
    b'{"text": "\\ud800."}',
    b'{"a": ' + DEEP,
    b'{"media": ' + DEEP + b"]" * len(DEEP) + b"}",
    b'{"mediaMessage": {"a": ' + DEEP + b"]" * len(DEEP) + b"}}",
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Real]:
    """Yield the API with one closed instance, for all bodies."""
    async with running(tmp_path_factory.mktemp("unreadable")) as real:
        await real.create("s1", integration="WHATSAPP-BAILEYS")
        yield real


@pytest.mark.parametrize("path", TAKES_JSON)
async def test_a_text_that_is_no_utf8_and_a_pit_of_brackets_are_bad_requests(real: Real, path: str) -> None:
    for raw in UNREADABLE:
        answer = await real.client.post(path, content=raw, headers=GLOBAL)
        assert (answer.status_code, answer.json()["response"]["message"]) == (
            400,
            ["the request body is not valid JSON"],
        ), raw[:40]
    assert (await real.client.post(path, content=DEEP, headers=GLOBAL)).status_code == 400


def form(part: bytes, content: bytes, more: bytes = b"") -> bytes:
    """Return a form of one part."""
    head = b'--b\r\nContent-Disposition: form-data; name="' + part + b'"' + more
    return head + b"\r\n\r\n" + content + b"\r\n--b--\r\n"


FORMS: list[tuple[bytes, str]] = [
    (form(b"number", b"\xe9"), "the texts of the form must be in UTF-8"),
    (form(b"quoted", b'"\xe9"'), "the texts of the form must be in UTF-8"),
    (form(b"number", b"1", b"\r\nContent-Type: text/plain; charset=none"), "the texts of the form must be in UTF-8"),
    (form(b"\xe9", b"1"), "Invalid multipart/form-data"),
    (form(b"quoted", DEEP), "quoted is not valid JSON"),
    (form(b"quoted", b'"\\ud800."'), "quoted is not valid JSON"),
]


@pytest.mark.parametrize(("content", "message"), FORMS, ids=lambda value: str(value)[:60])
async def test_a_form_that_cannot_be_read_is_a_bad_request(real: Real, content: bytes, message: str) -> None:
    headers = GLOBAL | {"content-type": "multipart/form-data; boundary=b"}
    answer = await real.client.post("/message/sendMedia/s1", content=content, headers=headers)
    assert (answer.status_code, answer.json()["response"]["message"]) == (400, [message])
