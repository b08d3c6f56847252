"""The real engine: BaileysEngine drives a real Node host, whose sessions dial a port where nobody is WhatsApp."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from pombo_worker.engines.baileys.engine import BaileysConnection, BaileysEngine
from pombo_worker.engines.port import Closed, Connecting, Dial, EngineUnavailable, Happening, Route
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


class Heard:
    """A listener that keeps what it hears, in memory."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []
        self.creds: str | None = None

    def happened(self, happening: Happening) -> None:
        """Keep it."""
        self.happenings.append(happening)

    async def save_creds(self, creds: str) -> None:
        """Keep them."""
        self.creds = creds

    async def load_keys(self, _: str, __: Sequence[str]) -> Mapping[str, str]:
        """Have none."""
        return {}

    async def save_keys(
        self, entries: Sequence[tuple[str, str, str | None]], journal: tuple[str, dict[str, Any]] | None
    ) -> None:
        """Forget them."""

    async def sent_message(self, _: str) -> bytes | None:
        """Have none."""
        return None

    @property
    def closed(self) -> list[Closed]:
        """The last words."""
        return [happening for happening in self.happenings if isinstance(happening, Closed)]


@pytest.fixture
def deaf_url() -> Iterator[str]:
    """Yield an address that takes connections and never answers: a listener that nobody serves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/ws/chat"


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[BaileysEngine]:
    made = BaileysEngine(sessions_per_host=2)
    yield made
    await made.stop()
    assert host_pids(made) == []


def told(heard: Heard, happening: Happening) -> bool:
    """Tell whether this happened."""
    return happening in heard.happenings


def ended(heard: Heard) -> bool:
    """Tell whether the last word came."""
    return bool(heard.closed)


def host_pids(engine: BaileysEngine) -> list[int]:
    """Return the processes of the engine's hosts."""
    return [host._process.pid for host in engine._hosts if host._process is not None]  # noqa: SLF001 - to kill them


async def dial(engine: BaileysEngine, key: str, url: str, **more: Any) -> tuple[BaileysConnection, Heard]:  # noqa: ANN401
    """Start a connection."""
    heard = Heard()
    fields: dict[str, Any] = {"creds": None, "lease_seconds": 60.0, "qr_seconds": None} | more
    given = Dial(key=key, route=Route(url=url), browser=("Pombo", "Chrome", "1"), **fields)
    return await engine.dial(given, heard), heard


async def test_sessions_share_hosts_up_to_the_bound_and_close_one_by_one(engine: BaileysEngine, deaf_url: str) -> None:
    started = [await dial(engine, f"s{number}", deaf_url) for number in range(3)]
    assert len(host_pids(engine)) == 2
    for connection, heard in started:
        await eventually(partial(told, heard, Connecting()), what="connecting")
        connection.renewed(60.0)
    connection, heard = started[0]
    await connection.close(logout=False)
    await eventually(lambda: heard.closed, what="the last word")
    assert [closed.origin for closed in heard.closed] == ["local"]
    assert [other.closed for _, other in started[1:]] == [[], []]
    # Closing again is no error, and the place is free for another.
    await connection.close(logout=True)
    await dial(engine, "s3", deaf_url)
    assert len(host_pids(engine)) == 2


async def test_a_killed_host_costs_its_sessions_one_last_word_and_nobody_else_anything(
    engine: BaileysEngine, deaf_url: str
) -> None:
    started = [await dial(engine, f"s{number}", deaf_url) for number in range(3)]
    os.kill(host_pids(engine)[0], signal.SIGKILL)
    for _, heard in started[:2]:
        await eventually(partial(ended, heard), what="the last word")
        assert [closed.origin for closed in heard.closed] == ["host"]
    assert started[2][1].closed == []
    await started[0][0].close(logout=False)
    # The next dial finds a host again.
    _, heard = await dial(engine, "again", deaf_url)
    await eventually(lambda: Connecting() in heard.happenings, what="connecting")


async def test_a_lease_that_is_not_renewed_closes_the_session_by_the_hosts_own_clock(
    engine: BaileysEngine, deaf_url: str
) -> None:
    _, heard = await dial(engine, "s", deaf_url, lease_seconds=0.3)
    await eventually(lambda: heard.closed, what="the last word")
    assert [closed.origin for closed in heard.closed] == ["lease"]


async def test_credentials_that_cannot_be_read_are_refused_without_a_session(
    engine: BaileysEngine, deaf_url: str
) -> None:
    with pytest.raises(EngineUnavailable):
        await dial(engine, "s", deaf_url, creds="{")
    _, heard = await dial(engine, "s", deaf_url)
    await eventually(lambda: Connecting() in heard.happenings, what="connecting")


async def test_stopping_ends_every_process(deaf_url: str) -> None:
    engine = BaileysEngine(sessions_per_host=1)
    _, heard = await dial(engine, "s", deaf_url)
    (pid,) = host_pids(engine)
    await asyncio.wait_for(engine.stop(), 10)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert len(heard.closed) == 1
