"""Proxies: tried before they are taken, used by the session at once, and never gone around."""

import msgspec
import pytest

from pombo_common.config_loading import load_config
from pombo_common.model.commands import InstanceCreate, ProxySet
from pombo_common.model.settings import ProxyInput
from pombo_worker.engines.port import Connecting, QrShown, Route
from pombo_worker.sessions.routes import WHATSAPP_WEB, Routes
from tests.unit.worker.commanding import answer
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

CREATE = InstanceCreate(id="c1", instance="shop", integration="WHATSAPP-BAILEYS", qrcode=True)
PROXY = ProxyInput(enabled=True, host="10.0.0.1", port="3128", protocol="http", username="ana@x", password="p:/?# é")
ADDRESS = "http://ana%40x:p%3A%2F%3F%23%20%C3%A9@10.0.0.1:3128"
OFF = ProxyInput(enabled=False)


async def test_a_proxy_that_does_not_work_is_refused_with_the_reason_and_nothing_changes(world: World) -> None:
    world.engine.proxy_failure = "nothing listens there"
    refused = await answer(world, msgspec.structs.replace(CREATE, proxy_host="10.0.0.1", proxy_port="3128"))
    assert refused["error"] == {
        "status": 400,
        "code": "bad_proxy",
        "message": ["Invalid proxy: nothing listens there"],
    }
    assert await world.store.instance("shop") is None
    await answer(world, msgspec.structs.replace(CREATE, id="c2"))
    refused = await answer(world, ProxySet(id="p1", instance="shop", **msgspec.structs.asdict(PROXY)))
    assert refused["error"]["status"] == 400
    assert PROXY.password not in str(refused)
    assert world.engine.tried == [("http://10.0.0.1:3128", WHATSAPP_WEB), (ADDRESS, WHATSAPP_WEB)]
    assert (await world.engine.dialled(1)).dial.route == Route()


async def test_a_live_session_is_moved_by_a_change_only(world: World) -> None:
    await answer(world, CREATE)
    (await world.engine.dialled(1)).say(Connecting(), QrShown("qr", 60.0))
    await answer(world, ProxySet(id="p1", instance="shop", **msgspec.structs.asdict(PROXY)))
    second = await world.engine.dialled(2)
    assert second.dial.route == Route(proxy=ADDRESS)
    assert not world.engine.connections[0].live
    # The same again changes nothing.
    await answer(world, ProxySet(id="p2", instance="shop", **msgspec.structs.asdict(PROXY)))
    assert second.live
    await answer(world, ProxySet(id="p3", instance="shop", **msgspec.structs.asdict(OFF)))
    assert (await world.engine.dialled(3)).dial.route == Route()
    assert world.engine.live == 1
    # Nothing is tried for one that is switched off.
    assert len(world.engine.tried) == 2


async def test_the_global_proxy_is_for_those_without_their_own_and_not_for_the_sandbox(world: World) -> None:
    environ = {"PROXY_HOST": "fd00::1", "PROXY_PORT": "1080", "PROXY_PROTOCOL": "socks5", "PROXY_USERNAME": "é"}
    routes = Routes.from_config(load_config(environ), world.vault, None)
    plain = (await world.create()).instance
    assert routes.route(plain, None) == Route(proxy="socks5://%C3%A9:@[fd00::1]:1080")
    sandboxed = msgspec.structs.replace(plain, integration="WHATSAPP-SANDBOX")
    assert routes.route(sandboxed, "ws://here") == Route(url="ws://here", sandbox=True)
    await answer(world, ProxySet(id="p1", instance=plain.name, **msgspec.structs.asdict(PROXY)))
    owning = (await world.stored(plain.name)).instance
    assert routes.route(owning, None).proxy == ADDRESS


async def test_what_a_proxy_must_lead_to(world: World) -> None:
    assert await Routes(vault=world.vault).check_target("WHATSAPP-BAILEYS") == WHATSAPP_WEB
    local = Routes(vault=world.vault, baileys_url="wss://h/ws")
    assert await local.check_target("WHATSAPP-BAILEYS") == "https://h/ws"
    given = Routes(vault=world.vault, baileys_url="wss://h/ws", check_url="https://check")
    assert await given.check_target("WHATSAPP-BAILEYS") == "https://check"
