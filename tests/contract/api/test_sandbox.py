"""The sandbox's routes, on a control port that the test answers for; tests/e2e runs them on the real simulator."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from pombo_common.sandbox import FixedSandbox, SandboxEndpoint
from tests.contract.api.conftest import GLOBAL, Api

pytestmark = pytest.mark.asyncio

SANDBOX = "WHATSAPP-SANDBOX"


class ControlPort:
    """Notes what it is asked, and answers what it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refuse: tuple[int, dict[str, str]] | None = None
        self.api: Api | None = None

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request; a scan opens the session that shows the code."""
        assert request.headers["x-sandbox-key"] == "sandbox-key"
        body = await request.json()
        self.asked.append((request.path, body))
        if self.refuse is not None:
            return web.json_response(self.refuse[1], status=self.refuse[0])
        if request.path.endswith("/scan") and self.api is not None:
            jid = f"{body['number']}@s.whatsapp.net"
            await self.api.worker.set_live("s", state="open", phase="open", qr=None, owner_jid=jid)
        return web.json_response({"device": "x", "id": "y"})


@pytest.fixture
def control() -> ControlPort:
    """Return the control port's script."""
    return ControlPort()


@pytest_asyncio.fixture
async def sandbox(control: ControlPort) -> AsyncIterator[FixedSandbox]:
    """Yield a sandbox on a loopback port."""
    application = web.Application()
    application.router.add_post("/control/{tail:.*}", control.answer)
    async with TestServer(application) as server:
        yield FixedSandbox(SandboxEndpoint(url=str(server.make_url("")).rstrip("/"), key="sandbox-key"))


async def showing(api: Api, control: ControlPort, **fields: Any) -> dict[str, str]:  # noqa: ANN401 - fields of create
    """Create a sandbox instance that shows a QR code; return its own key's header."""
    control.api = api
    await api.create("s", integration=SANDBOX, token="tok", **fields)
    await api.worker.show_qr("s", "2@code")
    return {"apikey": "tok"}


async def test_a_scan_answers_the_open_state(api: Api, control: ControlPort) -> None:
    own = await showing(api, control)
    answer = await api.client.post("/sandbox/s/scan", json={"number": "15551230001"}, headers=own)
    assert (answer.status_code, answer.json()) == (200, {"instance": {"instanceName": "s", "state": "open"}})
    assert control.asked == [("/control/phones/scan", {"number": "15551230001", "qr": "2@code"})]


async def test_a_scan_without_a_number_uses_the_instances_own(api: Api, control: ControlPort) -> None:
    own = await showing(api, control, number="559999999999")
    assert (await api.client.post("/sandbox/s/scan", headers=own)).status_code == 200
    assert control.asked[0][1]["number"] == "559999999999"


async def test_a_scan_without_any_number_makes_one_from_the_id(api: Api, control: ControlPort) -> None:
    own = await showing(api, control)
    for _ in range(2):
        await api.worker.show_qr("s", "2@code")
        assert (await api.client.post("/sandbox/s/scan", json={}, headers=own)).status_code == 200
    first, second = (body["number"] for _, body in control.asked)
    assert first == second
    assert len(first) == 12
    assert first.startswith("1555")


async def test_a_scan_needs_a_live_code(api: Api, control: ControlPort) -> None:
    own = await showing(api, control)
    await api.worker.show_qr("s", "2@old", valid_ms=0)
    answer = await api.client.post("/sandbox/s/scan", headers=own)
    assert answer.status_code == 409
    assert "call connect first" in answer.json()["response"]["message"][0]
    assert control.asked == []


async def test_what_the_simulator_refuses_is_passed_on(api: Api, control: ControlPort) -> None:
    own = await showing(api, control)
    control.refuse = (410, {"code": "qr_expired", "message": "This QR code was used"})
    answer = await api.client.post("/sandbox/s/scan", headers=own)
    assert (answer.status_code, answer.json()["response"]["message"]) == (410, ["This QR code was used"])


async def test_a_contact_writes_to_a_linked_instance(api: Api, control: ControlPort) -> None:
    own = await showing(api, control)
    body = {"from": 15557770001, "text": "hi", "pushName": "Ann"}
    answer = await api.client.post("/sandbox/s/message", json=body, headers=own)
    assert answer.status_code == 409
    await api.worker.set_live("s", state="open", paired=True, owner_jid="15551230001@s.whatsapp.net")
    answer = await api.client.post("/sandbox/s/message", json=body, headers=own)
    assert (answer.status_code, answer.json()["instance"]["state"]) == (200, "open")
    asked = {"from": "15557770001", "to": "15551230001", "text": "hi", "pushName": "Ann"}
    assert control.asked == [("/control/contacts/message", asked)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"text": "hi"}, "from is required"),
        ({"from": "abc", "text": "hi"}, "from must be 5 to 20 digits"),
        ({"from": "", "text": "hi"}, "from is required"),
        ({"from": "15557770001"}, "text is required"),
    ],
)
async def test_a_message_names_what_is_missing(
    api: Api, control: ControlPort, body: dict[str, str], message: str
) -> None:
    own = await showing(api, control)
    answer = await api.client.post("/sandbox/s/message", json=body, headers=own)
    assert answer.status_code == 400
    assert answer.json()["response"]["message"][0].startswith(message)


async def test_other_instances_and_strangers_are_refused(api: Api, control: ControlPort) -> None:
    await api.create("b", token="other")
    own = await showing(api, control)
    assert (await api.client.post("/sandbox/b/scan", headers=GLOBAL)).status_code == 400
    assert (await api.client.post("/sandbox/b/scan", headers=own)).status_code == 401
    assert (await api.client.post("/sandbox/s/scan", headers={"apikey": "other"})).status_code == 401
    assert (await api.client.post("/sandbox/ghost/scan", headers=GLOBAL)).status_code == 404


async def test_a_code_is_typed_on_the_phone_for_which_it_was_asked(api: Api, control: ControlPort) -> None:
    own = await showing(api, control, number="559999999999")
    for body, status, words in (
        ({}, 400, "code is required"),
        ({"code": ""}, 400, "code is required"),
        ({"code": "OOOOOOOO"}, 400, "code must be 8 characters"),
        ({"code": "WZYEH1YY"}, 409, 'The "s" instance shows no pairing code now'),
    ):
        answer = await api.client.post("/sandbox/s/pair", json=body, headers=own)
        assert (answer.status_code, answer.json()["response"]["message"][0][: len(words)]) == (status, words)
    assert control.asked == []
    await api.worker.set_live("s", pairing_code="WZYEH1YY", pairing_number="15551230001", state="open")
    answer = await api.client.post("/sandbox/s/pair", json={"code": "wzye-h1yy"}, headers=own)
    assert (answer.status_code, answer.json()["instance"]["state"]) == (200, "open")
    assert control.asked == [("/control/phones/pair", {"number": "15551230001", "code": "WZYEH1YY"})]


async def test_calls_and_unlinking_need_a_linked_account(api: Api, control: ControlPort) -> None:
    own = await showing(api, control)
    call = {"from": "15557770001", "isVideo": True}
    for path, body in (("call", call), ("unlink", {})):
        assert (await api.client.post(f"/sandbox/s/{path}", json=body, headers=own)).status_code == 409
    await api.worker.set_live("s", state="close", wanted=False, paired=True, owner_jid="15551230001:3@s.whatsapp.net")
    for path, body in (("call", call), ("unlink", {})):
        assert (await api.client.post(f"/sandbox/s/{path}", json=body, headers=own)).status_code == 200
    assert control.asked == [
        ("/control/contacts/call", {"from": "15557770001", "to": "15551230001", "isVideo": True}),
        ("/control/phones/unlink", {"number": "15551230001"}),
    ]
