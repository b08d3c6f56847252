"""Looking names up: dead name servers hold up their own names only, and one name has one look-up under way."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pombo_common import resolver
from pombo_common.networks import LOOPBACK, OutboundPolicy
from pombo_common.outbound import guarded_connector
from pombo_common.resolver import NameResolver
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


class NameServers:
    """Answers for every name, and for those that begin with `dead` not before it is told to."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answering = threading.Event()

    def look_up(self, name: str, *_: object, **__: object) -> list[tuple[Any, ...]]:
        """Stand in for socket.getaddrinfo."""
        self.asked[name] += 1
        if name.startswith("dead"):
            self.answering.wait()
        if name == "nobody.test":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    @property
    def dead(self) -> int:
        """How many look-ups of dead names were begun."""
        return sum(count for name, count in self.asked.items() if name.startswith("dead"))


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServers]:
    made = NameServers()
    monkeypatch.setattr(socket, "getaddrinfo", made.look_up)
    yield made
    made.answering.set()


async def given_up(looking: list[asyncio.Task[Any]]) -> None:
    """End those who wait, as the end of a try does."""
    for task in looking:
        task.cancel()
    await asyncio.wait(looking)


async def test_many_dead_names_hold_up_no_other_name(servers: NameServers) -> None:
    names = NameResolver()
    many = resolver.QUICK + resolver.LONG - 1
    looking = [asyncio.create_task(names.resolve(f"dead{number}.test", 443)) for number in range(many)]
    await eventually(lambda: servers.dead == many, what="look-ups of all dead names")
    found = await asyncio.wait_for(names.resolve("healthy.test", 443), 30)
    assert [(one["host"], one["port"], one["hostname"]) for one in found] == [("127.0.0.1", 443, "healthy.test")]
    await given_up(looking)


async def test_whoever_asks_for_the_same_name_shares_the_look_up_also_after_the_first_gave_up(
    servers: NameServers,
) -> None:
    names = NameResolver()
    first = asyncio.create_task(names.resolve("dead.test", 80))
    await eventually(lambda: servers.dead == 1, what="the look-up")
    await given_up([first])
    others = [asyncio.create_task(names.resolve("DEAD.test", port)) for port in range(1, 9)]
    await names.resolve("healthy.test")
    servers.answering.set()
    answers = await asyncio.gather(*others)
    assert [answer[0]["port"] for answer in answers] == list(range(1, 9))
    assert servers.dead == 1


async def test_names_that_are_known_as_slow_take_no_places_of_others(
    servers: NameServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for places in ("QUICK", "LONG", "SLOW"):
        monkeypatch.setattr(resolver, places, 2)
    monkeypatch.setattr(resolver, "LONG_SECONDS", 0.05)
    names = NameResolver()
    dead = [f"dead{number}.test" for number in range(4)]
    looking = [asyncio.create_task(names.resolve(name)) for name in dead]
    await eventually(lambda: len(names._slow) == len(dead), what="a long look-up of each")  # noqa: SLF001
    servers.answering.set()
    await asyncio.gather(*looking)

    servers.answering.clear()
    looking = [asyncio.create_task(names.resolve(name)) for name in dead]
    await eventually(lambda: servers.dead == len(dead) + resolver.SLOW, what="as many as may be")
    await asyncio.wait_for(names.resolve("healthy.test"), 30)
    assert servers.dead == len(dead) + resolver.SLOW
    servers.answering.set()
    await asyncio.gather(*looking)
    assert servers.dead == 2 * len(dead)


async def test_an_unknown_name_is_an_error_of_the_call(servers: NameServers) -> None:
    connector = guarded_connector(OutboundPolicy(LOOPBACK))
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get("http://nobody.test/")


async def test_a_call_by_name_arrives_while_other_names_are_dead(servers: NameServers) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        connector = guarded_connector(OutboundPolicy(LOOPBACK))
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:
            many = 40  # more than the loop's own threads
            looking = [asyncio.create_task(session.get(f"http://dead{number}.test/")) for number in range(many)]
            await eventually(lambda: servers.dead == many, what="look-ups of all dead names")
            async with session.get(f"http://healthy.test:{server.port}/") as got:
                assert await got.text() == "hello"
            await given_up(looking)


async def test_the_machines_own_names_are_found() -> None:
    found = await NameResolver().resolve("localhost", 80, socket.AF_UNSPEC)
    assert {one["host"] for one in found} <= {"127.0.0.1", "::1"}
    assert found
