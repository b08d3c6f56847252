"""The webhook for errors: what is answered with an error is posted there, without a key, and nobody waits for it."""

import asyncio
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

from pombo_common.config import Config
from tests.contract.api.conftest import GLOBAL, GLOBAL_KEY, Api

pytestmark = pytest.mark.asyncio

Reports = queue.Queue[dict[str, Any]]


@pytest.fixture
def reports() -> Iterator[tuple[str, Reports]]:
    """Yield the address of a receiver, and what it got."""
    got: Reports = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.put(msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/errors", got
        server.shutdown()
        thread.join()


@pytest.fixture
def config(reports: tuple[str, Reports]) -> Config:
    """Return a configuration that names the receiver."""
    return Config(
        api_key=GLOBAL_KEY, server_url="http://pombo.test", webhook_errors=True, webhook_errors_url=reports[0]
    )


async def test_refusals_are_reported_in_order_and_successes_are_not(api: Api, reports: tuple[str, Reports]) -> None:
    await api.create("a")
    await api.client.get("/instance/connectionState/ghost", headers=GLOBAL)
    await api.client.get("/instance/connectionState/a", headers={"apikey": "WRONG"})
    await api.client.post("/webhook/set/a", json={"webhook": {"url": 5}}, headers=GLOBAL)
    got = [await asyncio.to_thread(reports[1].get, timeout=30) for _ in range(3)]
    assert [(report["event"], report["data"]["status"], report["data"]["error"]) for report in got] == [
        ("error", 404, "Not Found"),
        ("error", 401, "Unauthorized"),
        ("error", 400, "Bad Request"),
    ]
    assert got[0]["data"]["message"] == ['The "ghost" instance does not exist']
    assert got[0]["data"]["response"] == {"message": ['The "ghost" instance does not exist']}
    assert got[0]["server_url"] == "http://pombo.test"
    assert GLOBAL_KEY not in str(got)
    assert reports[1].empty()
