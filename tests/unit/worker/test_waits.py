"""Delays and media that is fetched: in nobody's way, and what was done meanwhile counts when they are over."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from pombo_common.media import MediaShelf
from pombo_common.model.commands import InstanceDelete, InstanceLogout, InstanceRestart, ProxySet, SettingsSet
from pombo_common.model.messages import ChatPresence, MessageMedia, MessageText
from pombo_common.model.settings import Settings
from pombo_common.networks import LOOPBACK, OutboundPolicy
from pombo_common.ports.bus import Done, Later
from pombo_worker.commands import consumer, waits
from pombo_worker.commands.consumer import CommandConsumer
from pombo_worker.engines.sending import NoRecipient, NotSent
from pombo_worker.media.source import MediaSource
from tests.support.waiting import eventually
from tests.unit.worker.commanding import answer, give, opened, opens
from tests.unit.worker.scripted_engine import ScriptedConnection
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

TEXT = MessageText(id="t1", instance="shop", number="15557770001", text="Good day")
SLOW = msgspec.structs.replace(TEXT, id="slow", delay=40_000)
TYPING = ChatPresence(id="p", instance="shop", number="15557770001", presence="composing", delay=40_000)
SWITCHES: dict[str, Any] = msgspec.structs.asdict(Settings())
SETTINGS = SettingsSet(id="s", instance="shop", **(SWITCHES | {"reject_call": True}))
RESTART = InstanceRestart(id="r", instance="shop")


async def waiting(world: World, connection: ScriptedConnection) -> asyncio.Task[dict[str, Any]]:
    """Begin to send with a delay that lasts until the test ends it."""
    connection.typed.clear()
    sending = asyncio.create_task(answer(world, SLOW))
    await eventually(lambda: connection.presences == ["composing"], what="that somebody types")
    return sending


async def test_an_instance_can_be_managed_during_a_delay_and_the_message_takes_the_newest_connection(
    world: World,
) -> None:
    connection = await opened(world)
    sending = await waiting(world, connection)
    assert (await answer(world, SETTINGS))["ok"]
    unset = ProxySet(id="x", instance="shop", enabled=False, host="", port="", protocol="http")
    assert (await answer(world, unset))["ok"]
    assert (await answer(world, RESTART))["ok"]
    assert connection.closes == [False]
    second = await opens(world, 2)
    assert connection.sent == []
    record = await world.store.command("shop", "slow")
    assert record is not None
    assert record.state == "started"
    connection.typed.set()
    assert (await sending)["ok"]
    assert (len(connection.sent), len(second.sent)) == (0, 1)
    assert await answer(world, SLOW) == await sending
    assert len(second.sent) == 1


async def test_a_recipient_that_does_not_exist_is_told_before_the_delay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await opened(world)

    async def nobody(*_: object) -> None:
        raise NoRecipient("none", "no_recipient")

    monkeypatch.setattr(connection, "show_in_chat", nobody)
    assert (await answer(world, SLOW))["error"]["code"] == "no_recipient"
    assert connection.sent == []


async def test_typing_that_cannot_be_shown_keeps_no_message_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = await opened(world)

    async def went_away(*_: object) -> None:
        raise NotSent("it went away", "not_sent")

    monkeypatch.setattr(connection, "show_in_chat", went_away)
    assert (await answer(world, SLOW))["ok"]
    assert len(connection.sent) == 1


async def test_a_sound_shows_that_somebody_records(world: World) -> None:
    connection = await opened(world)
    sound = MessageMedia(id="m", instance="shop", number="15557770001", mediatype="audio", media="aGVsbG8=", delay=1)
    await answer(world, sound)
    assert connection.presences == ["recording"]


async def test_what_waited_while_its_session_ended_is_not_sent(world: World) -> None:
    connection = await opened(world)
    sending = await waiting(world, connection)
    assert (await answer(world, InstanceLogout(id="l", instance="shop")))["ok"]
    connection.typed.set()
    reply = await sending
    assert (reply["ok"], reply["error"]["code"]) == (False, "not_connected")
    assert await answer(world, SLOW) == reply
    assert connection.sent == []


async def test_what_waited_is_not_sent_by_another_instance_of_the_same_name(world: World) -> None:
    connection = await opened(world)
    sending = await waiting(world, connection)
    assert (await answer(world, InstanceDelete(id="d", instance="shop")))["ok"]
    second = await opened(world)
    connection.typed.set()
    assert (await sending)["error"]["code"] == "not_connected"
    assert (connection.sent, second.sent) == ([], [])


async def test_many_that_wait_hold_up_no_text_and_no_other_instance(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "DELAYS_OF_ONE", 20)
    world.consumer = CommandConsumer(world.consumer._commands)  # noqa: SLF001 - the bound is taken at its making
    connection, other = await opened(world), await opened(world, "other")
    connection.typed.clear()
    shown = [asyncio.create_task(give(world, msgspec.structs.replace(TYPING, id=f"p{i}"))) for i in range(20)]
    await eventually(lambda: len(connection.presences) == 20, what="twenty presences")
    assert (await answer(world, TEXT))["ok"]
    # More than so many come again later.
    assert await asyncio.wait_for(give(world, msgspec.structs.replace(SLOW, id="more")), 10) == Later()
    assert (await answer(world, msgspec.structs.replace(SLOW, instance="other")))["ok"]
    assert len(other.sent) == 1
    connection.typed.set()
    assert {type(each) for each in await asyncio.gather(*shown)} == {Done}
    assert (await answer(world, msgspec.structs.replace(SLOW, id="more")))["ok"]


async def test_a_configuration_is_changed_beside_a_message_that_is_being_sent(world: World) -> None:
    connection = await opened(world)
    connection.gate.clear()
    sending = asyncio.create_task(answer(world, TEXT))
    await eventually(lambda: connection.sent, what="the message at the engine")
    assert (await answer(world, SETTINGS))["ok"]
    assert (await world.stored()).instance.settings.reject_call
    connection.gate.set()
    assert (await sending)["ok"]


async def test_one_that_wants_the_instance_alone_keeps_its_place_before_later_messages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "TURN_SECONDS", 0.05)
    monkeypatch.setattr(consumer, "KEPT_SECONDS", 60.0)
    connection = await opened(world)
    connection.gate.clear()
    sending = asyncio.create_task(answer(world, TEXT))
    await eventually(lambda: connection.sent, what="the message at the engine")
    assert await give(world, RESTART) == Later()
    later = msgspec.structs.replace(TEXT, id="t2")
    assert await asyncio.wait_for(give(world, later), 10) == Later()
    connection.gate.set()
    assert (await sending)["ok"]
    assert await give(world, later) == Later()
    assert isinstance(await give(world, RESTART), Done)
    second = await opens(world, 2)
    assert isinstance(await give(world, later), Done)
    assert (len(connection.sent), len(second.sent)) == (1, 1)


@pytest_asyncio.fixture
async def stalling() -> AsyncIterator[tuple[TestServer, asyncio.Event]]:
    """Yield a server that gives its file when the event is set."""
    flowing = asyncio.Event()

    async def file(_: web.Request) -> web.Response:
        await flowing.wait()
        return web.Response(body=b"file", content_type="image/png")

    app = web.Application()
    app.add_routes([web.get("/file", file)])
    server = TestServer(app)
    async with server:
        yield server, flowing


async def test_media_that_stalls_is_in_nobodys_way(world: World, stalling: tuple[TestServer, asyncio.Event]) -> None:
    server, flowing = stalling
    parts = world.consumer._commands  # noqa: SLF001 - the same worker, with media from this machine
    media = MediaSource(MediaShelf(world.store, world.vault), OutboundPolicy(LOOPBACK), limit_mb=1)
    world.consumer = CommandConsumer(dataclasses.replace(parts, media=media))
    connection = await opened(world)
    picture = MessageMedia(
        id="m", instance="shop", number="15557770001", mediatype="image", media=str(server.make_url("/file"))
    )
    sending = asyncio.create_task(answer(world, picture))

    async def started() -> bool:
        return await world.store.command("shop", "m") is not None

    await eventually(started, what="the start of the picture")
    assert (await answer(world, RESTART))["ok"]
    second = await opens(world, 2)
    flowing.set()
    assert (await sending)["ok"]
    assert (len(connection.sent), len(second.sent)) == (0, 1)
    await media.close()
