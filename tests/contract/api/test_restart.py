"""Restart answers what the new connection led to, never what the old one left behind."""

import asyncio
from pathlib import Path

import pytest

from pombo_common.config import Config
from tests.contract.api.real import GLOBAL_KEY, running
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_an_open_session_is_open_again_on_a_new_connection(tmp_path: Path, method: str) -> None:
    async with running(tmp_path) as real:
        await real.create("a", qrcode=True)
        await real.ask("POST", "/sandbox/a/scan")
        dials = len(real.engine.connections)
        answer = await real.ask(method, "/instance/restart/a")
        assert (answer.status_code, answer.json()) == (200, {"instance": {"instanceName": "a", "state": "open"}})
        assert len(real.engine.connections) == dials + 1


async def test_v2_answers_the_new_qr_code(tmp_path: Path) -> None:
    async with running(tmp_path) as real:
        old = (await real.create("a", qrcode=True))["qrcode"]["code"]
        answer = (await real.ask("POST", "/v2/instance/restart/a/")).json()
        assert list(answer) == ["pairingCode", "code", "base64", "count", "expiresAt"]
        assert answer["code"] == real.engine.connections[-1].code != old


async def test_a_wanted_pairing_code_is_waited_for_again(tmp_path: Path) -> None:
    async with running(tmp_path) as real:
        await real.create("a", qrcode=True, number="15551230001")
        answer = (await real.ask("POST", "/v2/instance/restart/a")).json()
        assert (answer["pairingCode"], answer["code"]) == ("WZYEH1YY", real.engine.connections[-1].code)


async def test_a_closed_session_is_started(tmp_path: Path) -> None:
    async with running(tmp_path) as real:
        await real.create("a")
        answer = await real.ask("PUT", "/instance/restart/a")
        assert answer.json() == {"instance": {"instanceName": "a", "state": "connecting"}}
        assert (await real.ask("GET", "/instance/connect/a")).json()["code"] == real.engine.connections[-1].code


async def test_it_waits_for_the_new_connection(tmp_path: Path) -> None:
    async with running(tmp_path, Config(api_key=GLOBAL_KEY, connect_seconds=3600)) as real:
        await real.create("a", qrcode=True)
        await real.ask("POST", "/sandbox/a/scan")
        dials = len(real.engine.connections)
        real.engine.silent = True
        task = asyncio.create_task(real.ask("POST", "/instance/restart/a"))
        await eventually(lambda: len(real.engine.connections) > dials, what="the dial")
        assert not task.done()
        real.engine.connections[-1].begin()
        async with asyncio.timeout(10):
            assert (await task).json()["instance"]["state"] == "open"


async def test_it_answers_the_state_when_nothing_comes(tmp_path: Path) -> None:
    async with running(tmp_path, Config(api_key=GLOBAL_KEY, connect_seconds=0.2)) as real:
        await real.create("a")
        real.engine.silent = True
        for path in ("/instance/restart/a", "/v2/instance/restart/a"):
            answer = await real.ask("POST", path)
            assert (answer.status_code, answer.json()) == (200, {"instance": {"instanceName": "a", "state": "close"}})


async def test_a_deleted_instance_ends_the_wait(tmp_path: Path) -> None:
    async with running(tmp_path, Config(api_key=GLOBAL_KEY, connect_seconds=3600)) as real:
        await real.create("a")
        real.engine.silent = True
        task = asyncio.create_task(real.ask("POST", "/instance/restart/a"))
        await eventually(lambda: real.engine.connections, what="the dial")
        await real.ask("DELETE", "/instance/delete/a")
        async with asyncio.timeout(10):
            assert (await task).status_code == 404


async def test_logout_forgets_and_the_name_links_again(tmp_path: Path) -> None:
    async with running(tmp_path) as real:
        await real.create("a", qrcode=True)
        await real.ask("POST", "/sandbox/a/scan")
        assert (await real.ask("DELETE", "/instance/logout/a/")).json()["response"] == {
            "message": "Instance logged out"
        }
        row = (await real.ask("GET", "/v2/instance/fetchInstances")).json()[0]
        assert (row["connectionStatus"], row["disconnectionReasonCode"]) == ("close", 401)
        assert '"message":"Log out instance: a"' in row["disconnectionObject"]
        assert row["ownerJid"].endswith("@s.whatsapp.net")
        assert (await real.ask("DELETE", "/instance/logout/a")).status_code == 400
        assert (await real.ask("GET", "/instance/connect/a")).json()["count"] == 1
