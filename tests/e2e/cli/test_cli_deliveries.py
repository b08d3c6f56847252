"""`pombo deliveries`, `dead-letters`, `events` and `webhook test` against a receiver that refuses."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.command_line import piped
from tests.support.deployment import Deployment
from tests.support.pombo_client import fresh_name
from tests.support.ports import free_port
from tests.support.waiting import eventually


class Refusing(BaseHTTPRequestHandler):
    """Answers 404 to everything."""

    def do_POST(self) -> None:
        """Refuse."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b"no such hook")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the overridden method's
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[str]:
    """Yield the address of a receiver that refuses."""
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.asyncio
async def test_what_was_refused_is_seen_and_sent_again(deployment: Deployment, hook: str) -> None:
    env, name = {"POMBO_URL": deployment.address, "POMBO_KEY": deployment.key}, fresh_name("seen")
    create = ("instance", "create", name, "--integration", "WHATSAPP-SANDBOX", "--webhook", hook)
    assert piped(*create, env=env).status == 0

    def dead() -> list[dict[str, object]]:
        rows: list[dict[str, object]] = json.loads(piped("deliveries", name, "--state", "dead", "--json", env=env).out)
        return rows

    await eventually(dead, what="the dead letter")
    (letter,) = dead()
    table = piped("deliveries", name, env=env).out.splitlines()
    assert table[0].split()[:5] == ["seq", "event", "destination", "state", "attempts"]
    assert table[1].split()[:5] == ["1", "instance.create", "webhook", "dead", "1"]
    assert any(line.startswith(name) for line in piped("dead-letters", "--limit", "10000", env=env).out.splitlines())
    assert piped("deliveries", "resend", name, str(letter["id"]), env=env) == (0, "Sent again to webhook.\n", "")
    shown = piped("events", name, env=env).out.split()
    assert (shown[0], shown[2]) == ("1", "instance.create")
    tried = piped("webhook", "test", name, env=env)
    assert tried.status == 1
    assert "the receiver answered 404" in tried.out
    assert "no such hook" in tried.out
    assert piped("instance", "delete", name, "--yes", env=env).status == 0

    # Of the deleted instance they are found by its id, which stands last in its row.
    def kept() -> list[str]:
        rows = piped("dead-letters", "--limit", "10000", env=env).out.splitlines()
        return [row for row in rows if row.startswith(name) and "instance.delete" in row]

    await eventually(kept, what="the dead letter of the deletion")
    *_, event_id, instance_id = kept()[0].split()
    again = ("deliveries", "resend", name, event_id, "--instance-id", instance_id)
    assert piped(*again, env=env) == (0, "Sent again to webhook.\n", "")
    assert piped(*again[:-2], env=env).status != 0
