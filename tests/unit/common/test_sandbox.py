"""The client of the simulator's control port, against a small HTTP server that answers as the protocol says."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from pombo_common.model.errors import PomboError
from pombo_common.sandbox import FixedSandbox, SandboxEndpoint, SandboxPhones

pytestmark = pytest.mark.asyncio

KEY = "control-key"


class Control:
    """Answers like the control port, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None, dict[str, Any]]] = []
        self.answer: tuple[int, str] = (200, "{}")

    async def handle(self, request: web.Request) -> web.Response:
        """Keep the request; give the prepared answer."""
        self.asked.append((request.path, request.headers.get("x-sandbox-key"), await request.json()))
        status, text = self.answer
        return web.Response(status=status, text=text, content_type="application/json")


@pytest_asyncio.fixture
async def control() -> AsyncIterator[tuple[Control, SandboxPhones]]:
    server = Control()
    app = web.Application()
    # Nothing else is kept: another test's Pombo may still deliver to a receiver that had this port before.
    app.router.add_post("/control/{path:.*}", server.handle)
    running = TestServer(app)
    await running.start_server()
    yield server, SandboxPhones(FixedSandbox(SandboxEndpoint(url=str(running.make_url("")).rstrip("/"), key=KEY)))
    await running.close()


async def test_a_phone_scans(control: tuple[Control, SandboxPhones]) -> None:
    server, phones = control
    server.answer = (200, '{"device":"5511999990000:3@s.whatsapp.net"}')
    assert await phones.scan("5511999990000", "2@code") == "5511999990000:3@s.whatsapp.net"
    assert server.asked == [("/control/phones/scan", KEY, {"number": "5511999990000", "qr": "2@code"})]


async def test_a_contact_writes_with_and_without_a_name(control: tuple[Control, SandboxPhones]) -> None:
    server, phones = control
    server.answer = (200, '{"id":"3EB0"}')
    assert await phones.message("55119", "55118", "olá", None) == "3EB0"
    assert await phones.message("55119", "55118", "olá", "Ana") == "3EB0"
    body = {"from": "55119", "to": "55118", "text": "olá"}
    assert [asked for _, _, asked in server.asked] == [body, body | {"pushName": "Ana"}]


async def test_the_simulators_refusal_is_passed_on(control: tuple[Control, SandboxPhones]) -> None:
    server, phones = control
    server.answer = (410, '{"code":"qr_expired","message":"the code expired"}')
    with pytest.raises(PomboError) as caught:
        await phones.scan("5511999990000", "2@old")
    assert (caught.value.info.status, caught.value.info.code) == (410, "qr_expired")
    assert caught.value.info.message == ["the code expired"]


async def test_an_answer_that_is_no_json_counts_as_away(control: tuple[Control, SandboxPhones]) -> None:
    server, phones = control
    server.answer = (502, "<html>")
    with pytest.raises(PomboError) as caught:
        await phones.scan("5511999990000", "2@code")
    assert caught.value.info.status == 503


async def test_nobody_listening_is_said_as_503() -> None:
    # Port 9 of the loopback belongs to the discard protocol, which nothing here serves.
    phones = SandboxPhones(FixedSandbox(SandboxEndpoint(url="http://127.0.0.1:9", key=KEY)))
    with pytest.raises(PomboError) as caught:
        await phones.scan("5511999990000", "2@code")
    assert (caught.value.info.status, caught.value.info.code) == (503, "unavailable")


@pytest.mark.parametrize(
    ("url", "socket"), [("http://h:1", "ws://h:1/ws/chat"), ("https://h.test", "wss://h.test/ws/chat")]
)
async def test_sessions_dial_the_same_port(url: str, socket: str) -> None:
    assert SandboxEndpoint(url=url, key=KEY).socket_url == socket
