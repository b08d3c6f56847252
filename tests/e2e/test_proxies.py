"""Proxies of each scheme, real ones: sessions go through them, are moved with them, and never go around them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import NamedTuple

import pytest
import pytest_asyncio

from tests.support.deployment import LONG_LEASES, Simulator
from tests.support.deployment_up import UpDeployment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.proxies import Credentials, LoggingProxy, make_certificate
from tests.support.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module")]

KEY = Credentials("ana@müller", "p:@ss/?#[%20]+& ü")
SCHEMES = ("http", "https", "socks4", "socks5")
SECONDS = 60.0


class Around(NamedTuple):
    """A deployment, its two simulators and the proxies around it.

    Attributes:
        phones: those of its sandbox.
        whatsapp: the simulator that WHATSAPP-BAILEYS sessions dial.
        proxies: by scheme, with and without credentials.
        shared: the global one.
    """

    client: PomboClient
    phones: Phones
    whatsapp: Phones
    proxies: dict[str, LoggingProxy]
    shared: LoggingProxy


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def around(tmp_path_factory: pytest.TempPathFactory, other_simulator: Simulator) -> AsyncIterator[Around]:
    """Yield it, with a global proxy that wants credentials."""
    folder = tmp_path_factory.mktemp("proxies")
    certificate = make_certificate(folder)
    async with AsyncExitStack() as stack:
        proxies = {}
        for scheme in SCHEMES:
            for name, wanted in ((scheme, None), (f"{scheme} with credentials", KEY)):
                tls = certificate if scheme == "https" else None
                proxies[name] = await stack.enter_async_context(LoggingProxy(scheme, wanted, tls))
        shared = await stack.enter_async_context(LoggingProxy("http", KEY))
        env = {f"PROXY_{name.upper()}": value for name, value in shared.fields.items()}
        env |= {
            **LONG_LEASES,
            "NODE_EXTRA_CA_CERTS": str(certificate),
            "BAILEYS_SOCKET_URL": other_simulator.socket_url,
            "POMBO_CONNECT_SECONDS": "4",
        }
        running = UpDeployment(folder, env)
        try:
            await asyncio.to_thread(running.start)
            client = await stack.enter_async_context(PomboClient(running))
            phones = await stack.enter_async_context(Phones(lambda: running.simulator))
            whatsapp = await stack.enter_async_context(Phones(lambda: other_simulator))
            yield Around(client, phones, whatsapp, proxies, shared)
        finally:
            await asyncio.to_thread(running.stop)


async def create(client: PomboClient, name: str, proxy: LoggingProxy | None = None, **fields: str) -> None:
    """Create an instance, and wait for its QR code."""
    given = {} if proxy is None else {f"proxy{key.capitalize()}": value for key, value in proxy.fields.items()}
    await client.create(name, qrcode=False, **given, **fields)

    async def shows() -> bool:
        return bool((await client.call("GET", f"/instance/connect/{name}")).json().get("code"))

    await eventually(shows, seconds=SECONDS, what=f"a QR code of {name}")


async def test_a_session_goes_through_its_proxy_of_each_scheme_and_not_around_it(around: Around) -> None:
    names = {scheme: fresh_name("through") for scheme in around.proxies}
    async with asyncio.TaskGroup() as creating:
        for scheme, name in names.items():
            creating.create_task(create(around.client, name, around.proxies[scheme]))
    sockets = await around.phones.sockets()
    for scheme, proxy in around.proxies.items():
        assert len(sockets & proxy.ports.keys()) == 1, scheme
    assert sockets <= {port for proxy in around.proxies.values() for port in proxy.ports}, "somebody dialled directly"
    # The login that follows a scan is another connection.
    number, scheme = fresh_number(), "socks5 with credentials"
    await around.client.scan(names[scheme], number)
    (login,) = (await around.phones.sockets()) & around.proxies[scheme].ports.keys()
    assert login not in sockets
    assert (await around.phones.device(number)).live == 1
    for name in names.values():
        await around.client.delete(name)


async def test_set_moves_the_live_session_and_switching_off_moves_it_back(around: Around) -> None:
    name = fresh_name("moved")
    proxy = around.proxies["http with credentials"]
    await create(around.client, name)
    before = set(proxy.ports)

    async def through() -> set[int]:
        return (await around.phones.sockets()) & (proxy.ports.keys() - before)

    path = f"/proxy/set/{name}"
    answer = await around.client.call("POST", path, {"enabled": True, **proxy.fields})
    assert answer.status_code == 201, answer.text
    first = await eventually(through, seconds=SECONDS, what="the session at the proxy")
    assert (await around.client.call("POST", path, {"enabled": True, **proxy.fields})).status_code == 201
    assert await through() == first, "the same proxy once more cost a connection"
    answer = await around.client.call("POST", path, {"enabled": False, "host": "", "port": "", "protocol": ""})
    assert answer.status_code == 201, answer.text

    async def direct() -> bool:
        sockets = await around.phones.sockets()
        return len(sockets) == 1 and not sockets & proxy.ports.keys()

    await eventually(direct, seconds=SECONDS, what="the session dials directly")
    await around.client.delete(name)


async def test_a_proxy_that_does_not_work_is_refused_with_the_reason_and_without_its_password(around: Around) -> None:
    async with LoggingProxy("http") as gone:
        pass
    refusals = {"nothing listens there": gone.fields}
    for scheme, why in {"http": "it wants another user name or password", "socks5": ""}.items():
        wrong = around.proxies[f"{scheme} with credentials"].fields | {"password": "not the right one"}
        refusals[why] = wrong
    for why, fields in refusals.items():
        name = fresh_name("refused")
        given = {f"proxy{key.capitalize()}": value for key, value in fields.items()}
        answer = await around.client.try_create(name, **given)
        assert answer.status_code == 400, answer.text
        assert f"Invalid proxy: {why}" in answer.text
        assert "not the right one" not in answer.text
        assert await around.client.state(name) is None


async def test_without_its_proxy_a_session_waits_and_does_not_dial_directly(around: Around) -> None:
    name = fresh_name("closed")
    async with LoggingProxy("socks5") as proxy:
        await create(around.client, name, proxy)
        assert (await around.phones.sockets()) & proxy.ports.keys()

    async def waits() -> bool:
        answer = await around.client.call("GET", f"/instance/connect/{name}")
        return not answer.json().get("code") and not await around.phones.sockets()

    await eventually(waits, seconds=SECONDS, what="the session has lost its connection")
    # A restart dials at once: through the proxy, which is gone.
    await around.client.call("POST", f"/instance/restart/{name}")
    assert await around.phones.sockets() == set()
    await around.client.delete(name)


async def test_the_global_proxy_takes_those_that_have_none_of_their_own(around: Around) -> None:
    plain, owning = fresh_name("shared"), fresh_name("owning")
    own = around.proxies["socks4"]
    before = set(own.ports)
    strangers = await around.whatsapp.sockets()
    await create(around.client, plain, integration="WHATSAPP-BAILEYS")
    await create(around.client, owning, own, integration="WHATSAPP-BAILEYS")
    sockets = (await around.whatsapp.sockets()) - strangers
    assert len(sockets & around.shared.ports.keys()) == 1
    assert len(sockets & (own.ports.keys() - before)) == 1
    assert len(sockets) == 2, "somebody dialled directly"
    for name in (plain, owning):
        await around.client.delete(name)
