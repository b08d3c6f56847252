"""What a session does by itself: only what its instance's settings say, and only after the event is written."""

from typing import Any

import msgspec
import pytest
import pytest_asyncio

from pombo_common.model.settings import Settings
from pombo_worker.engines.port import Account, CallSeen, Connecting, MessageSeen, Opened, Reported
from pombo_worker.engines.sending import Text
from tests.support.waiting import eventually
from tests.unit.worker.scripted_engine import ScriptedConnection
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

ME = Account(id="5511999990000:3@s.whatsapp.net")
CALLER = "15550001111@s.whatsapp.net"
GROUP = "120363000000000001@g.us"
STATUS = "status@broadcast"


def call(call_id: str, **fields: Any) -> CallSeen:  # noqa: ANN401 - members of a call
    return CallSeen(call={"id": call_id, "from": "1@lid", "callerPn": CALLER, "status": "offer"} | fields)


def message(chat: str, text: str, **key: Any) -> MessageSeen:  # noqa: ANN401 - members of a key
    named = {"remoteJid": chat, "fromMe": False, "id": f"ID-{text}"} | key
    return MessageSeen(journal=None, message={"key": named, "message": {"conversation": text}, "messageTimestamp": 1})


@pytest_asyncio.fixture
async def connection(world: World) -> ScriptedConnection:
    stored = await world.create(paired=True, wanted=True)
    await world.start(stored)
    connection = await world.engine.dialled(1)
    connection.say(Connecting(), Opened(account=ME))
    await world.reaches(state="open")
    return connection


async def set_to(world: World, settings: Settings) -> None:
    """Change the settings of the running session."""
    instance = (await world.stored()).instance
    await world.sessions.follow(msgspec.structs.replace(instance, settings=settings))


async def told(world: World) -> list[str]:
    """Return the texts of the messages, and the kinds of the other reports, in the log."""
    log = await world.log(await world.stored())
    return [
        data["message"]["conversation"] if kind == "messages.upsert" else kind
        for kind, data in log
        if kind not in ("connection.update", "chats.update")
    ]


async def test_a_call_is_rejected_only_when_that_is_set_and_the_text_is_part_of_it(
    world: World, connection: ScriptedConnection
) -> None:
    await set_to(world, Settings(msg_call="Write, please."))
    connection.say(call("one"))
    await eventually(lambda: told_of(world, "call"), what="the first call")
    await set_to(world, Settings(reject_call=True))
    connection.say(call("two"))
    await eventually(lambda: connection.rejected == ["two"], what="the rejection")
    assert connection.sent == []
    await set_to(world, Settings(reject_call=True, msg_call="Write, please."))
    connection.say(call("three"), call("old", offline=True), call("three", status="terminate"))
    await eventually(lambda: connection.sent, what="the text")
    (sent,) = connection.sent
    assert (sent.to.jid, sent.content) == (CALLER, Text("Write, please."))
    assert connection.rejected == ["two", "three"]
    assert await eventually(lambda: told_of(world, "send.message"), what="its event")


async def told_of(world: World, kind: str) -> bool:
    return kind in await told(world)


async def test_received_messages_are_marked_read_when_that_is_set_and_posts_when_the_other_is(
    world: World, connection: ScriptedConnection
) -> None:
    connection.say(message(CALLER, "before"))
    await eventually(lambda: told_of(world, "before"), what="the first message")
    await set_to(world, Settings(read_messages=True))
    connection.say(message(CALLER, "in"), message(STATUS, "post-1"), message(CALLER, "out", fromMe=True))
    await eventually(lambda: connection.read_keys, what="a receipt")
    await eventually(lambda: told_of(world, "out"), what="the message after the post that is not wanted")
    await set_to(world, Settings(read_status=True))
    connection.say(message(STATUS, "post-2", participant=CALLER), message(CALLER, "after"))
    await eventually(lambda: len(connection.read_keys) == 2, what="a post's receipt")
    assert [key.id for key in connection.read_keys] == ["ID-in", "ID-post-2"]
    assert await eventually(lambda: told_of(world, "after"), what="the last message")
    assert await told(world) == ["before", "in", "out", "post-2", "after"]


async def test_a_message_whose_id_is_longer_than_clients_may_send_is_marked_read_too(
    world: World, connection: ScriptedConnection
) -> None:
    await set_to(world, Settings(read_messages=True))
    connection.say(message(CALLER, "x" * 300), message(CALLER, "after"))
    await eventually(lambda: len(connection.read_keys) == 2, what="both receipts")
    assert [key.id for key in connection.read_keys] == [f"ID-{'x' * 300}", "ID-after"]


async def test_nothing_of_groups_makes_an_event_while_they_are_ignored(
    world: World, connection: ScriptedConnection
) -> None:
    def of_the_group(number: int) -> tuple[MessageSeen, Reported, Reported, CallSeen]:
        return (
            message(GROUP, f"text-{number}", participant=CALLER),
            Reported(kind="groups.update", data=[{"id": GROUP}]),
            Reported(kind="presence.update", data={"id": GROUP, "presences": {}}),
            call(f"call-{number}", isGroup=True),
        )

    connection.say(*of_the_group(1))
    await eventually(lambda: told_of(world, "call"), what="the first four")
    assert await told(world) == ["text-1", "groups.update", "presence.update", "call"]
    await set_to(world, Settings(groups_ignore=True))
    connection.say(*of_the_group(2), message(CALLER, "chat"))
    await eventually(lambda: told_of(world, "chat"), what="what is no group's")
    assert (await told(world))[4:] == ["chat"]


async def test_always_online_is_shown_at_once_and_dialled_with(world: World, connection: ScriptedConnection) -> None:
    await set_to(world, Settings(always_online=True, sync_full_history=True))
    assert connection.online == [True]
    await set_to(world, Settings(always_online=True, sync_full_history=True, msg_call="x"))
    assert connection.online == [True]
    await world.sessions.restart("shop")
    second = await world.engine.dialled(2)
    assert (second.dial.settings.always_online, second.dial.settings.sync_full_history) == (True, True)
    second.say(Connecting(), Opened(account=ME))
    await world.reaches(state="open")
    await set_to(world, Settings())
    assert second.online == [False]


async def test_always_online_that_changes_during_a_dial_is_told_after_it(world: World) -> None:
    world.engine.reachable.clear()
    await world.start(await world.create(paired=True, wanted=True))
    await eventually(lambda: world.engine.tries, what="the dial")
    await set_to(world, Settings(always_online=True))
    world.engine.reachable.set()
    connection = await world.engine.dialled(1)
    assert connection.dial.settings.always_online is False
    await eventually(lambda: connection.online == [True], what="the change")
