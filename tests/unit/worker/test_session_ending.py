"""What a session has received when it is ended: it is in the log before the session is over, if its lease is ours."""

import asyncio
from typing import Any

import pytest

from pombo_common.model.commands import InstanceLogout
from pombo_worker.engines.port import Happening, MessageSeen, Opened, Reported
from pombo_worker.sessions import owned, patience
from tests.support.waiting import eventually
from tests.unit.worker.commanding import ME, answer, opened
from tests.unit.worker.scripted_engine import ScriptedConnection
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

CONTACT = "5511888880000@s.whatsapp.net"
PRESENCE = {"id": CONTACT, "presences": {CONTACT: {"lastKnownPresence": "composing"}}}


def message(number: int) -> MessageSeen:
    """Make a message that has left the journal already, or never was in it."""
    key = {"remoteJid": CONTACT, "fromMe": False, "id": f"3EB0{number:018}"}
    content = {"conversation": f"text {number}"}
    return MessageSeen(journal=None, message={"key": key, "messageTimestamp": 1, "message": content})


QUEUED: tuple[Happening, ...] = (message(1), message(2), Reported(kind="presence.update", data=PRESENCE), message(3))


async def received(world: World) -> list[Any]:
    """Return what the log has of that."""
    told = [(kind, data) for kind, data in await world.log(await world.stored())]
    texts = [data["message"]["conversation"] for kind, data in told if kind == "messages.upsert"]
    return texts + [kind for kind, _ in told if kind == "presence.update"]


def forgets_to_close(connection: ScriptedConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a connection never say that it is over."""

    async def silent(*, logout: bool) -> bool:
        connection.closes.append(logout)
        return logout

    monkeypatch.setattr(connection, "close", silent)


async def test_a_logout_logs_what_was_received_before_it(world: World) -> None:
    connection = await opened(world)
    connection.say(*QUEUED)
    reply = await answer(world, InstanceLogout(id="o", instance="shop"))
    assert reply["ok"]
    assert await received(world) == ["text 1", "text 2", "text 3", "presence.update"]
    assert await world.states(await world.stored()) == ["connecting", "open", "close"]


async def test_a_session_that_is_handed_back_logs_what_was_received_before_its_lease_is_free(world: World) -> None:
    connection = await opened(world)
    connection.say(*QUEUED)
    await world.sessions.hand_back("shop")
    assert (await world.stored()).lease is None
    assert await received(world) == ["text 1", "text 2", "text 3", "presence.update"]


async def test_an_ending_session_does_not_say_open_once_its_socket_is_gone(world: World) -> None:
    stored = await world.create(paired=True, wanted=True, state="connecting", phase="login")
    await world.start(stored)
    connection = await world.engine.dialled(1)
    await eventually(lambda: world.sessions.connected("shop"), what="the connection")
    connection.say(Opened(account=ME), message(1))
    await world.sessions.end("shop", logout=False)
    assert await received(world) == ["text 1"]
    assert (await world.live()).state == "connecting"


async def test_a_session_whose_lease_is_lost_ends_at_once_and_writes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owned, "LAST_WORDS_SECONDS", 3600.0)
    connection = await opened(world)
    forgets_to_close(connection, monkeypatch)
    writes = len(world.store.verdicts)
    connection.say(*QUEUED)
    await world.sessions.end("shop", logout=False, lost=True)
    assert connection.closes == [False]
    assert len(world.store.verdicts) == writes


async def test_a_close_that_is_never_told_holds_an_end_up_no_longer_than_its_bound(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owned, "LAST_WORDS_SECONDS", 0.05)
    forgets_to_close(await opened(world), monkeypatch)
    async with asyncio.timeout(30):
        await world.sessions.end("shop", logout=False)
    assert world.sessions.names == []


async def test_a_session_that_waits_to_dial_ends_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned, "LAST_WORDS_SECONDS", 3600.0)
    world.engine.reachable.clear()
    await world.start(await world.create(paired=True, wanted=True))
    await eventually(lambda: world.engine.tries, what="a dial")
    ending = asyncio.create_task(world.sessions.end("shop", logout=False))
    world.engine.reachable.set()
    async with asyncio.timeout(30):
        await ending
    assert world.sessions.names == []


async def test_an_end_waits_for_no_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned, "LAST_WORDS_SECONDS", 3600.0)
    monkeypatch.setattr(patience, "TRY_SECONDS", 3600.0)
    monkeypatch.setattr(patience, "BACKLOG_SECONDS", 3600.0)
    await world.start(await world.create(url="http://127.0.0.1:9/hook", webhook={"base64": True}, paired=True))
    connection = await world.engine.dialled(1)
    connection.fetchable.clear()
    content = {"imageMessage": {"mediaKey": "a2V5", "mimetype": "image/png", "fileLength": 3}}
    key = {"remoteJid": CONTACT, "fromMe": False, "id": "3EB01"}
    image = {"key": key, "messageTimestamp": 1, "message": content}
    connection.say(Opened(account=ME), MessageSeen(journal=None, message=image), message(2))
    await eventually(lambda: connection.fetched, what="a file that stalls")
    async with asyncio.timeout(30):
        await world.sessions.end("shop", logout=False)
    assert [kind for kind, _ in await world.log(await world.stored())].count("messages.upsert") == 2
