"""The guarded connector: what really gets connected, by name, by literal, and by a name that changes its mind."""

import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from pombo_common.networks import OutboundPolicy, parse_networks
from pombo_common.outbound import guarded_connector, refusal

pytestmark = pytest.mark.asyncio


class Fickle(AbstractResolver):
    """Answers each look-up with the next of some addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = list(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Answer."""
        address = self._addresses.pop(0)
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing to let go of."""


class Server:
    """Listens on every loopback address and counts its callers."""

    port = 0
    calls = 0

    async def answer(self, _: web.Request) -> web.Response:
        """Answer one, and end the connection, so that the next call connects anew."""
        self.calls += 1
        return web.Response(text="hello", headers={"Connection": "close"})


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """Run a server."""
    served = Server()
    app = web.Application()
    app.router.add_get("/", served.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 0).start()  # noqa: S104 - a test's, for the time of the test
    served.port = runner.addresses[0][1]
    yield served
    await runner.cleanup()


async def call(policy: OutboundPolicy, url: str, resolver: AbstractResolver | None = None) -> str:
    """Call an address once."""
    connector = guarded_connector(policy, resolver=resolver, use_dns_cache=False)
    async with aiohttp.ClientSession(connector=connector) as session, session.get(url) as response:
        return await response.text()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_no_spelling_of_a_forbidden_address_reaches_it(server: Server, host: str) -> None:
    with pytest.raises(aiohttp.ClientConnectorError) as caught:
        await call(OutboundPolicy(), f"http://{host}:{server.port}/")
    assert refusal(caught.value) == "its address is in a network that may not be called (loopback)"
    assert server.calls == 0


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "127.1"])
async def test_what_is_no_canonical_address_is_not_called_at_all(server: Server, host: str) -> None:
    with pytest.raises(aiohttp.InvalidURL):
        await call(OutboundPolicy(parse_networks("0.0.0.0/0")), f"http://{host}:{server.port}/")
    assert server.calls == 0


async def test_another_failure_is_no_refusal() -> None:
    with pytest.raises(aiohttp.ClientConnectorError) as caught:
        await call(OutboundPolicy(parse_networks("127.0.0.0/8")), "http://127.0.0.1:1/")
    assert refusal(caught.value) is None


async def test_a_name_is_checked_anew_at_each_connection(server: Server) -> None:
    policy = OutboundPolicy(parse_networks("127.0.0.2"))
    resolver = Fickle("127.0.0.2", "127.0.0.1")
    connector = guarded_connector(policy, resolver=resolver, use_dns_cache=False)
    url = f"http://fickle.test:{server.port}/"
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.get(url) as response:
            assert await response.text() == "hello"
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(url)
    assert refusal(caught.value)
    assert server.calls == 1
