"""Received messages: journal and event are exchanged in one step, exactly once, across restarts and lost answers."""

from typing import Any

import pytest

from pombo_worker.engines.port import Account, Closed, Fenced, MessageSeen, Opened, Reported
from tests.support.waiting import eventually
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

CONTACT = "5511888880000@s.whatsapp.net"
ME = Account(id="5511999990000:3@s.whatsapp.net")


def message(number: int, content: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make a message as the engine gives it."""
    return {
        "key": {"remoteJid": CONTACT, "fromMe": False, "id": f"3EB0{number:018}"},
        "messageTimestamp": 1_700_000_000 + number,
        "pushName": "Ana",
        "message": content or {"conversation": f"text {number}"},
    }


def entry(number: int) -> str:
    """Return the journal id of that message."""
    return f"{CONTACT}//3EB0{number:018}"


async def texts(world: World) -> list[str]:
    """Return the texts of the logged messages."""
    log = await world.log(await world.stored())
    return [data["message"]["conversation"] for kind, data in log if kind == "messages.upsert"]


async def opened(world: World) -> str:
    """Run a linked session up to open; returns the instance's id."""
    stored = await world.create(paired=True, wanted=True)
    await world.start(stored)
    (await world.engine.dialled(1)).say(Opened(account=ME))
    await world.reaches(state="open")
    return stored.instance.id


async def test_a_journalled_message_becomes_one_event_and_leaves_the_journal(world: World) -> None:
    instance_id = await opened(world)
    connection = world.engine.connections[0]
    await connection.listener.save_keys([("session", "a", "ratchet")], (entry(1), message(1)))
    assert [each.id for each in await world.store.journal("shop", instance_id)] == [entry(1)]
    assert await connection.listener.load_keys("session", ["a", "b"]) == {"a": "ratchet"}
    # Said twice, as after a reconnect that replays what the session had read already.
    connection.say(*[MessageSeen(journal=entry(1), message=message(1))] * 2)
    await eventually(lambda: len(world.store.verdicts) >= 5, what="both tries")
    assert await texts(world) == ["text 1"]
    assert await world.store.journal("shop", instance_id) == []


async def test_the_sealed_journal_and_keys_hide_their_content(world: World) -> None:
    instance_id = await opened(world)
    listener = world.engine.connections[0].listener
    await listener.save_keys([("session", "a", "RATCHET-SECRET")], (entry(1), message(1)))
    (kept,) = await world.store.journal("shop", instance_id)
    keys = await world.store.keys("shop", instance_id, "session", ["a"])
    assert b"text 1" not in kept.body
    assert b"RATCHET-SECRET" not in keys["a"]
    await listener.save_keys([("session", "a", None)], None)
    assert await listener.load_keys("session", ["a"]) == {}


async def test_what_lost_its_event_is_replayed_in_order_when_the_connection_is_made_again(world: World) -> None:
    instance_id = await opened(world)
    connection = world.engine.connections[0]
    for number in (1, 2, 3):
        await connection.listener.save_keys([], (entry(number), message(number)))
    connection.say(MessageSeen(journal=entry(2), message=message(2)))
    connection.say(Closed(code=428, message="", origin="network"))
    second = await world.engine.dialled(2)
    assert await texts(world) == ["text 2", "text 1", "text 3"]
    # Baileys may still give one of them afterwards.
    second.say(MessageSeen(journal=entry(1), message=message(1)), MessageSeen(journal=None, message=message(4)))
    await eventually(lambda: len(world.store.applied) >= 9, what="the last message")
    assert (await texts(world)).count("text 1") == 1
    assert await world.store.journal("shop", instance_id) == []


async def test_an_adopter_replays_what_the_dead_worker_left(world: World) -> None:
    await opened(world)
    await world.engine.connections[0].listener.save_keys([], (entry(1), message(1)))
    await world.sessions.end("shop", logout=False)
    await world.start(await world.stored())
    await world.engine.dialled(2)
    assert await texts(world) == ["text 1"]


async def test_protocol_messages_make_no_event_but_their_journal_entry_goes(world: World) -> None:
    instance_id = await opened(world)
    connection = world.engine.connections[0]
    silent = message(1, {"protocolMessage": {"type": 5}})
    empty = message(2, {"messageContextInfo": {"deviceListMetadataVersion": 2}})
    for number, each in ((1, silent), (2, empty)):
        await connection.listener.save_keys([], (entry(number), each))
        connection.say(MessageSeen(journal=entry(number), message=each))

    async def journal_is_empty() -> bool:
        return await world.store.journal("shop", instance_id) == []

    await eventually(journal_is_empty, what="an empty journal")
    writes = len(world.store.verdicts)
    connection.say(MessageSeen(journal=None, message=silent), MessageSeen(journal=None, message=message(3)))
    await eventually(lambda: len(world.store.verdicts) > writes, what="the last message")
    assert await texts(world) == ["text 3"]
    # Without a journal entry there was nothing to write for the silent one.
    assert len(world.store.verdicts) == writes + 1


async def test_a_lost_answer_doubles_no_message(world: World) -> None:
    instance_id = await opened(world)
    connection = world.engine.connections[0]
    await connection.listener.save_keys([], (entry(1), message(1)))
    world.store.lost_answers = 1
    connection.say(MessageSeen(journal=entry(1), message=message(1)))
    await eventually(lambda: world.store.verdicts[-1] == "consumed", what="the second try")
    assert await texts(world) == ["text 1"]
    assert await world.store.journal("shop", instance_id) == []


async def test_keys_are_answered_only_when_they_are_stored(world: World) -> None:
    await opened(world)
    listener = world.engine.connections[0].listener
    world.store.away = 3
    await listener.save_keys([("session", "a", "1")], None)
    assert world.store.away == 0
    assert await listener.load_keys("session", ["a"]) == {"a": "1"}


async def test_the_keys_of_a_fenced_session_are_refused(world: World) -> None:
    instance_id = await opened(world)
    listener = world.engine.connections[0].listener
    world.clock.advance(60)
    await world.lease(await world.stored(), "worker-2")
    with pytest.raises(Fenced):
        await listener.save_keys([("session", "a", "1")], (entry(1), message(1)))
    assert await world.store.keys("shop", instance_id, "session", ["a"]) == {}
    assert await world.store.journal("shop", instance_id) == []


async def test_what_cannot_be_told_costs_no_session_and_a_message_stays_in_the_journal(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    instance_id = await opened(world)
    connection = world.engine.connections[0]
    broken = {"message": {"conversation": "secret"}}
    await connection.listener.save_keys([], (entry(1), broken))
    connection.say(
        MessageSeen(journal=entry(1), message=broken),
        Reported(kind="contacts.upsert", data=[{"name": "secret"}]),
        Reported(kind="chats.update", data=None),
        MessageSeen(journal=None, message=message(2)),
        Closed(code=428, message="", origin="network"),
    )
    second = await world.engine.dialled(2)
    assert [each.id for each in await world.store.journal("shop", instance_id)] == [entry(1)]
    second.say(MessageSeen(journal=None, message=message(3)))

    async def both() -> bool:
        return await texts(world) == ["text 2", "text 3"]

    await eventually(both, what="what can be told")
    said = capsys.readouterr().out
    assert said.count("session.untold") == 4  # the message twice: its replay fails as well
    assert "secret" not in said
