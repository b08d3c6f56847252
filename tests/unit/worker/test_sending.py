"""Messages: sent once, recorded with their event in one step, `unknown` when nobody knows, and kept for resending."""

import asyncio
from typing import Any

import msgspec
import pytest

from pombo_common.model.commands import InstanceRestart
from pombo_common.model.messages import ChatNumbers, ChatPresence, ChatRead, MessageKey, MessageText
from pombo_common.ports.records import CommandRecord
from pombo_common.sealing import command_fingerprints
from pombo_worker.commands.messages import message_id
from pombo_worker.engines.sending import NoRecipient, NotSent, Text
from pombo_worker.engines.unavailable import EngineUnavailable
from pombo_worker.sessions.outbox import KIND, PLACES
from tests.support.waiting import eventually
from tests.unit.worker.commanding import answer, opened
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

TEXT = MessageText(id="t1", instance="shop", number="15557770001", text="Good day")


async def sent_events(world: World) -> list[Any]:
    """Return the data of the `send.message` events."""
    return [data for kind, data in await world.log(await world.stored()) if kind == "send.message"]


async def test_a_text_is_sent_and_recorded_with_its_event_in_one_step(world: World) -> None:
    connection = await opened(world)
    world.store.applied.clear()
    reply = await answer(world, TEXT)
    (outgoing,) = connection.sent
    assert outgoing.content == Text("Good day")
    assert outgoing.to.phones == ("15557770001",)
    (change,) = world.store.applied
    assert ([event.type for event in change.events], change.outcome is None) == (["send.message"], False)
    result = reply["result"]
    assert result["key"] == {"remoteJid": "15557770001@s.whatsapp.net", "fromMe": True, "id": outgoing.id}
    assert (result["status"], result["message"]) == ("PENDING", {"conversation": "Good day"})
    assert (result["messageType"], result["source"], result["contextInfo"]) == ("conversation", "web", {})
    assert await sent_events(world) == [result]


async def test_the_same_command_is_sent_once_also_when_both_come_at_once(world: World) -> None:
    connection = await opened(world)
    connection.gate.clear()
    both = [asyncio.create_task(answer(world, TEXT)) for _ in range(2)]
    await eventually(lambda: connection.sent, what="the message at the engine")
    connection.gate.set()
    first, second = await asyncio.gather(*both)
    assert first == second
    assert await answer(world, TEXT) == first
    assert len(connection.sent) == 1


async def test_an_id_derives_from_the_command_and_looks_like_that_of_whatsapp_web() -> None:
    made = message_id("i", "c")
    assert made == message_id("i", "c")
    assert made.startswith("3EB0")
    assert len(made) == 22
    assert len({made, message_id("i", "d"), message_id("j", "c")}) == 3


async def test_what_a_try_of_a_dead_worker_began_is_not_done_again(world: World) -> None:
    connection = await opened(world)
    (fingerprint,) = command_fingerprints(TEXT, world.vault)
    record = CommandRecord(id=TEXT.id, fingerprint=fingerprint, not_after=world.clock.now + 60_000)
    await world.store.start_command("shop", record, "try of the dead")
    reply = await answer(world, TEXT)
    assert (reply["ok"], reply["error"]["code"]) == (False, "unknown")
    assert await answer(world, TEXT) == reply
    assert connection.sent == []


async def test_an_engine_that_does_not_answer_leaves_it_unknown_and_is_not_asked_again(world: World) -> None:
    connection = await opened(world)
    connection.refusals.append(EngineUnavailable("it did not answer"))
    reply = await answer(world, TEXT)
    assert reply["error"]["code"] == "unknown"
    assert await answer(world, TEXT) == reply
    assert len(connection.sent) == 1


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (NoRecipient("none", "no_recipient"), 400, "no_recipient"),
        (NotSent("closed", "not_open"), 400, "not_connected"),
        (NotSent("deaf", "not_sent"), 503, "not_sent"),
        (NotSent("quoted.message must be so", "bad_request"), 400, "bad_request"),
    ],
)
async def test_what_was_surely_not_sent_is_refused(world: World, refusal: NotSent, status: int, code: str) -> None:
    connection = await opened(world)
    connection.refusals.append(refusal)
    error = (await answer(world, TEXT))["error"]
    assert (error["status"], error["code"]) == (status, code)
    assert await sent_events(world) == []
    if code == "no_recipient":
        assert error["details"] == [
            {"jid": "15557770001@s.whatsapp.net", "exists": False, "number": "15557770001"},
        ]


async def test_nothing_is_sent_without_a_session_or_an_instance(world: World) -> None:
    assert (await answer(world, TEXT))["error"]["code"] == "unknown_instance"
    await world.create(reason="new")
    assert (await answer(world, msgspec.structs.replace(TEXT, id="t2")))["error"]["code"] == "not_connected"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": " \n"}, "bad_text"),
        ({"number": "abc"}, "bad_number"),
        ({"number": "0123456"}, "bad_number"),
        ({"mentioned": ["x"]}, "bad_mentioned"),
    ],
)
async def test_a_bad_field_is_refused(world: World, fields: dict[str, Any], code: str) -> None:
    connection = await opened(world)
    assert (await answer(world, msgspec.structs.replace(TEXT, **fields)))["error"]["code"] == code
    assert connection.sent == []


async def test_several_go_side_by_side_and_a_restart_waits_for_them(world: World) -> None:
    connection = await opened(world)
    connection.gate.clear()
    sending = [asyncio.create_task(answer(world, msgspec.structs.replace(TEXT, id=f"t{i}"))) for i in range(3)]
    await eventually(lambda: len(connection.sent) == 3, what="three messages at the engine")
    restarting = asyncio.create_task(answer(world, InstanceRestart(id="r", instance="shop")))
    await eventually(lambda: world.turns.of("shop").locked(), what="the restart at the door")
    assert connection.closes == []
    connection.gate.set()
    assert {(await each)["ok"] for each in sending} == {True}
    assert (await restarting)["ok"]
    assert connection.closes == [False]


async def test_what_was_sent_is_recalled_as_soon_as_it_is_kept(world: World) -> None:
    connection = await opened(world)
    connection.gate.clear()
    sending = asyncio.create_task(answer(world, TEXT))
    await eventually(lambda: connection.sent, what="the message at the engine")
    asked = asyncio.create_task(connection.listener.sent_message(connection.sent[0].id))
    connection.gate.set()
    await sending
    assert await asked == b"Good day"
    assert await connection.listener.sent_message("3EB0AAAAAAAAAAAAAAAAAA") is None
    kept = await world.store.keys("shop", (await world.stored()).instance.id, KIND, [str(at) for at in range(PLACES)])
    assert len(kept) == 1
    assert not any(b"Good day" in body for body in kept.values())


async def test_numbers_receipts_and_presences_go_through_the_session(world: World) -> None:
    connection = await opened(world)
    checked = await answer(world, ChatNumbers(id="n", instance="shop", numbers=["15557770002", 15557770001]))
    assert [(each["number"], each["exists"]) for each in checked["result"]["numbers"]] == [
        ("15557770002", True),
        ("15557770001", False),
    ]
    keys = [MessageKey(remote_jid="1@s.whatsapp.net", id=name, from_me=name == "mine") for name in ("theirs", "mine")]
    assert (await answer(world, ChatRead(id="r", instance="shop", read_messages=keys)))["ok"]
    assert [key.id for key in connection.read_keys] == ["theirs"]
    typing = ChatPresence(id="p", instance="shop", number="15557770002", presence="composing")
    assert (await answer(world, typing))["result"] == {"presence": "composing"}
    assert connection.presences == ["composing"]
