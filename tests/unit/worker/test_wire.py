"""JSON lines between worker and host: both directions, large messages by file, and a host that dies or raves."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from pombo_worker.engines.baileys.wire import LINE_LIMIT, HostLost, HostRefused, Params, Wire
from pombo_worker.engines.port import EngineUnavailable, Fenced
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

SECONDS = 5.0


class Ends:
    """A wire, and the host's end of its pipes."""

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.told: list[tuple[str, Params]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def connect(self) -> None:
        """Make the pipes."""
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours, limit=2 * LINE_LIMIT)
        self.host_reader, self.host_writer = await asyncio.open_connection(sock=theirs, limit=2 * LINE_LIMIT)
        self.writer = writer
        self.wire = Wire(reader, writer, self.spool, on_request=self._asked, on_notification=self._told)
        self.running = asyncio.create_task(self.wire.run())

    async def close(self) -> None:
        """Let go of both ends."""
        for writer in (self.host_writer, self.writer):
            writer.close()
        await asyncio.wait([self.running])

    def say(self, message: object) -> None:
        """Write one line as the host."""
        line = message if isinstance(message, bytes) else msgspec.json.encode(message)
        self.host_writer.write(line + b"\n")

    async def heard(self) -> dict[str, Any]:
        """Read one line as the host."""
        line: dict[str, Any] = msgspec.json.decode(await asyncio.wait_for(self.host_reader.readline(), SECONDS))
        return line

    async def _asked(self, method: str, params: Params) -> Params:
        await self.gate.wait()
        if method == "fenced":
            raise Fenced
        if method == "broken":
            raise ZeroDivisionError("a secret detail")
        return {"echo": params}

    def _told(self, method: str, params: Params) -> None:
        if method == "session.qr":
            # As the engine's translation does with a member that is missing.
            raise KeyError("qr")
        self.told.append((method, params))


@pytest_asyncio.fixture
async def ends(tmp_path: Path) -> AsyncIterator[Ends]:
    made = Ends(tmp_path)
    await made.connect()
    yield made
    await made.close()


async def test_a_request_to_the_host_gets_its_own_answer(ends: Ends) -> None:
    first = asyncio.create_task(ends.wire.ask("a", {"n": 1}, SECONDS))
    second = asyncio.create_task(ends.wire.ask("b", {"n": 2}, SECONDS))
    lines = [await ends.heard(), await ends.heard()]
    assert [(line["method"], line["params"]) for line in lines] == [("a", {"n": 1}), ("b", {"n": 2})]
    # Answers may come in any order.
    for line in reversed(lines):
        ends.say({"id": line["id"], "result": {"for": line["method"]}})
    assert [await first, await second] == [{"for": "a"}, {"for": "b"}]


async def test_the_hosts_refusal_and_silence_are_said(ends: Ends) -> None:
    refused = asyncio.create_task(ends.wire.ask("a", {}, SECONDS))
    ends.say({"id": (await ends.heard())["id"], "error": {"code": "bad_creds", "message": "unreadable"}})
    with pytest.raises(EngineUnavailable, match="unreadable"):
        await refused
    with pytest.raises(EngineUnavailable, match="did not answer slow in time"):
        await ends.wire.ask("slow", {}, 0.01)
    # An answer that comes after all, or that nobody asked for, harms nothing.
    ends.say({"id": (await ends.heard())["id"], "result": {}})
    ends.say({"id": 999, "result": {}})
    ends.say({"result": {}})
    again = asyncio.create_task(ends.wire.ask("a", {}, SECONDS))
    ends.say({"id": (await ends.heard())["id"], "result": {"ok": True}})
    assert await again == {"ok": True}


async def test_the_hosts_requests_are_answered_each_in_its_time(ends: Ends) -> None:
    ends.gate.clear()
    for number in (1, 2):
        ends.say({"id": number, "method": "keys.get", "params": {"n": number}})
    ends.say({"method": "session.open", "params": {}})
    await eventually(lambda: ends.told, what="the notification, while requests wait")
    ends.gate.set()
    answers = sorted([await ends.heard(), await ends.heard()], key=lambda line: int(line["id"]))
    assert answers == [{"id": n, "result": {"echo": {"n": n}}} for n in (1, 2)]


async def test_a_fenced_or_failed_request_is_answered_with_a_code_and_no_detail(ends: Ends) -> None:
    ends.say({"id": 1, "method": "fenced", "params": {}})
    assert (await ends.heard())["error"]["code"] == "fenced"
    ends.say({"id": 2, "method": "broken", "params": {}})
    error = (await ends.heard())["error"]
    assert error["code"] == "failed"
    assert "secret" not in error["message"]


async def test_notifications_arrive_in_order(ends: Ends) -> None:
    for number in range(100):
        ends.say({"method": "m", "params": {"n": number}})
    await eventually(lambda: len(ends.told) == 100, what="all notifications")
    assert [params["n"] for _, params in ends.told] == list(range(100))


async def test_a_large_message_goes_by_file_to_the_host(ends: Ends) -> None:
    large = "x" * LINE_LIMIT
    asked = asyncio.create_task(ends.wire.ask("a", {"large": large}, SECONDS))
    line = await ends.heard()
    assert set(line) == {"spool"}
    path = Path(line["spool"])
    assert path.parent == ends.spool
    message = msgspec.json.decode(path.read_bytes())
    assert (message["method"], message["params"]["large"]) == ("a", large)
    ends.say({"id": message["id"], "result": {}})
    await asked


async def test_a_large_message_comes_by_file_from_the_host_and_the_file_goes(ends: Ends) -> None:
    path = ends.spool / "from-host"
    path.write_bytes(msgspec.json.encode({"method": "m", "params": {"large": "y" * LINE_LIMIT}}))
    ends.say({"spool": str(path)})
    await eventually(lambda: ends.told, what="the large notification")
    assert len(ends.told[0][1]["large"]) == LINE_LIMIT
    assert not path.exists()


async def test_no_file_outside_the_spool_is_read_or_removed(ends: Ends, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_bytes(b'{"method":"m","params":{}}')
    for path in (str(outside), f"{ends.spool}/../{outside.name}", f"{ends.spool}/missing"):
        ends.say({"spool": path})
    ends.say({"method": "last", "params": {}})
    await eventually(lambda: ends.told, what="the line after them")
    assert [method for method, _ in ends.told] == ["last"]
    assert outside.exists()


@pytest.mark.parametrize(
    "line",
    [b"", b"not json", b"[]", b'{"id":"seven","result":{}}', b'{"method":7}', b"\xff\xfe", b'{"method":"session.qr"}'],
)
async def test_a_line_that_cannot_be_used_is_passed_over(ends: Ends, line: bytes) -> None:
    ends.say(line)
    ends.say({"method": "next", "params": {}})
    await eventually(lambda: ends.told, what="the next line")
    assert ends.told == [("next", {})]
    assert not ends.running.done()


async def test_the_death_of_the_host_fails_what_is_open_and_what_comes_later(ends: Ends) -> None:
    ends.gate.clear()
    ends.say({"id": 1, "method": "keys.set", "params": {}})
    asked = [asyncio.create_task(ends.wire.ask("a", {}, SECONDS)) for _ in range(3)]
    for _ in asked:
        await ends.heard()
    ends.host_writer.close()
    for each in asked:
        with pytest.raises(HostLost):
            await each
    await asyncio.wait_for(ends.running, SECONDS)
    with pytest.raises(HostLost):
        await ends.wire.ask("b", {}, SECONDS)
    ends.wire.tell("lease.renew", {})


async def test_a_line_without_end_counts_as_the_end_of_the_host(ends: Ends) -> None:
    asked = asyncio.create_task(ends.wire.ask("a", {}, SECONDS))
    await ends.heard()
    ends.host_writer.write(b"x" * (2 * LINE_LIMIT + 2))
    with pytest.raises(HostLost):
        await asked


async def test_a_line_that_cannot_be_read_is_refused_when_somebody_waits_for_it(ends: Ends) -> None:
    ends.say(b'{"id":7,"method":"keys.set","params":{"entries":[["session","a","\\ud83d"]]}}')
    assert (await ends.heard())["error"]["code"] == "bad_line"
    asked = asyncio.create_task(ends.wire.ask("a", {}, SECONDS))
    number = (await ends.heard())["id"]
    spooled = ends.spool / "from-host"
    spooled.write_bytes(b'{"id":%d,"result":{"text":"\\ud83d"}}' % number)
    ends.say({"spool": str(spooled)})
    with pytest.raises(HostRefused):
        await asked
    assert not spooled.exists()
