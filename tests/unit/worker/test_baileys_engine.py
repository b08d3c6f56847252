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

from pombo_worker.engines.baileys import emptying, hosts
from pombo_worker.engines.baileys.connection import BaileysConnection
from pombo_worker.engines.baileys.engine import BaileysEngine
from pombo_worker.engines.baileys.hosts import HostLimits
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
    made = BaileysEngine(HostLimits(sessions=2, memory_mb=512))
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
    return [host.pid for host in engine._pool.hosts if host.pid is not None]  # noqa: SLF001 - to kill them


async def dial(engine: BaileysEngine, key: str, url: str, **more: Any) -> tuple[BaileysConnection, Heard]:  # noqa: ANN401
    """Start a connection."""
    heard, until = Heard(), asyncio.get_running_loop().time() + 60.0
    fields: dict[str, Any] = {"creds": None, "owned_until": lambda: until, "qr_seconds": None} | more
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
    loop = asyncio.get_running_loop()
    # The time that a host takes to start does not count.
    _, heard = await dial(engine, "s", deaf_url, owned_until=lambda: loop.time() + 0.5)
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
    engine = BaileysEngine(HostLimits(sessions=1, memory_mb=512))
    _, heard = await dial(engine, "s", deaf_url)
    pids = host_pids(engine)
    await asyncio.wait_for(engine.stop(), 10)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert len(heard.closed) == 1


async def test_a_host_that_is_stopped_is_found_killed_and_replaced_before_its_sessions_hear_of_it(
    engine: BaileysEngine, deaf_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "LOOK_SECONDS", 0.1)
    # A host that is merely slow answers in the one or the other.
    monkeypatch.setattr(hosts, "HANG_SECONDS", 2.0)
    monkeypatch.setattr(hosts, "LAST_CHANCE_SECONDS", 4.0)
    started = [await dial(engine, f"s{number}", deaf_url) for number in range(3)]
    hung = host_pids(engine)[0]
    os.kill(hung, signal.SIGSTOP)
    for _, heard in started[:2]:
        await eventually(partial(ended, heard), seconds=30, what="the last word")
        assert [closed.origin for closed in heard.closed] == ["host"]
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)
    assert started[2][1].closed == []
    assert hung not in host_pids(engine)


async def test_a_host_that_cannot_answer_a_dial_is_gone_before_the_dial_fails(
    engine: BaileysEngine, deaf_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, heard = await dial(engine, "s0", deaf_url)
    (hung,) = host_pids(engine)
    monkeypatch.setattr("pombo_worker.engines.baileys.engine.DIAL_SECONDS", 0.5)
    os.kill(hung, signal.SIGSTOP)
    with pytest.raises(EngineUnavailable):
        await dial(engine, "s1", deaf_url)
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)
    await eventually(partial(ended, heard), what="the last word")


async def test_a_host_that_grew_is_emptied_one_by_one_and_ended(deaf_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(emptying, "REOPEN_SECONDS", 0.1)
    # Nobody logs in here: none of them is waited for.
    monkeypatch.setattr(emptying, "PAIRING_SECONDS", 0)
    engine = BaileysEngine(HostLimits(sessions=4, memory_mb=1))
    try:
        started = [await dial(engine, f"s{number}", deaf_url) for number in range(2)]
        (grown,) = host_pids(engine)
        for _, heard in started:
            await eventually(partial(ended, heard), what="the last word")
            assert [closed.origin for closed in heard.closed] == ["moved"]
        await eventually(lambda: grown not in host_pids(engine), what="the grown host is gone")
        # The next one is over the limit too, and is left alone for a while.
        _, heard = await dial(engine, "again", deaf_url)
        fresh = engine._pool.hosts[0]  # noqa: SLF001 - to have it told of once more
        engine._emptying.begin(fresh)  # noqa: SLF001
        assert not fresh.leaving
        assert heard.closed == []
    finally:
        await engine.stop()


async def test_a_first_host_is_ready_before_anybody_dials(engine: BaileysEngine, deaf_url: str) -> None:
    engine.warm()
    await eventually(lambda: [host.ready for host in engine._pool.hosts] == [True], seconds=30, what="a host")  # noqa: SLF001
    warmed = host_pids(engine)
    await dial(engine, "s", deaf_url)
    assert host_pids(engine) == warmed
