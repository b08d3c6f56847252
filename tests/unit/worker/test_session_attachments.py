"""Files inside events: only where a webhook wants them, and never at the price of the event."""

from typing import Any

import pytest

from pombo_worker.engines.port import Account, Closed, MessageSeen, Opened, Reported
from pombo_worker.sessions import attachments, patience
from tests.support.waiting import eventually
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

ME = Account(id="5511999990000:3@s.whatsapp.net")
URL = "http://127.0.0.1:9/hook"


def image(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - members of the image
    """Make a message with an image."""
    key = {"remoteJid": "5511888880000@s.whatsapp.net", "fromMe": False, "id": f"3EB0{number:018}"}
    content = {"imageMessage": {"mediaKey": "a2V5", "mimetype": "image/png", "fileLength": 3} | more}
    return {"key": key, "messageTimestamp": 1, "message": content}


async def upserts(world: World) -> list[dict[str, Any]]:
    """Return the content of the logged messages."""
    return [data["message"] for kind, data in await world.log(await world.stored()) if kind == "messages.upsert"]


async def says(world: World, webhook: dict[str, Any], *messages: dict[str, Any], files: list[str]) -> None:
    """Run a linked session that gets these messages, until they are logged."""
    await world.start(await world.create(url=URL, webhook=webhook, paired=True, wanted=True))
    connection = await world.engine.dialled(1)
    connection.files.extend(files)
    connection.say(Opened(account=ME), *[MessageSeen(journal=None, message=each) for each in messages])

    async def all_logged() -> bool:
        return len(await upserts(world)) == len(messages)

    await eventually(all_logged, what="the messages")


async def test_a_webhook_with_base64_gets_the_file_inside_the_message(world: World) -> None:
    text = image(2) | {"message": {"conversation": "no file"}}
    await says(world, {"base64": True}, image(1), text, files=["QUJD"])
    first, second = await upserts(world)
    assert first["base64"] == "QUJD"
    assert first["imageMessage"]["mimetype"] == "image/png"
    assert second == {"conversation": "no file"}


@pytest.mark.parametrize("webhook", [{}, {"base64": True, "enabled": False}])
async def test_others_get_none_and_nothing_is_fetched(world: World, webhook: dict[str, Any]) -> None:
    await says(world, webhook, image(1), files=["QUJD"])
    assert "base64" not in (await upserts(world))[0]
    assert world.engine.connections[0].fetched == []


async def test_a_file_that_does_not_come_is_left_out(world: World) -> None:
    await says(world, {"base64": True}, image(1), image(2), files=[])
    assert ["base64" in content for content in await upserts(world)] == [False, False]
    assert len(world.engine.connections[0].fetched) == 2


async def test_a_close_waits_for_no_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "TRY_SECONDS", 60.0)
    monkeypatch.setattr(patience, "BACKLOG_SECONDS", 60.0)
    await world.start(await world.create(url=URL, webhook={"base64": True}, paired=True, wanted=True))
    connection = await world.engine.dialled(1)
    connection.fetchable.clear()
    connection.say(Opened(account=ME), *[MessageSeen(journal=None, message=image(number)) for number in (1, 2)])
    await eventually(lambda: connection.fetched, what="a file that stalls")
    connection.say(Closed(code=401, message="", origin="server"))
    await world.reaches(state="close", reason="logged-out")
    assert ["base64" in content for content in await upserts(world)] == [False, False]
    assert len(connection.fetched) == 1


async def test_all_files_of_a_backlog_are_waited_for_no_longer_than_one_bound(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "BACKLOG_SECONDS", 0.05)
    await world.start(await world.create(url=URL, webhook={"base64": True}, paired=True, wanted=True))
    connection = await world.engine.dialled(1)
    connection.fetchable.clear()
    connection.say(Opened(account=ME), *[MessageSeen(journal=None, message=image(number)) for number in range(3)])

    async def logged(count: int) -> bool:
        return len(await upserts(world)) == count

    await eventually(lambda: logged(3), what="the backlog")
    assert len(connection.fetched) == 1
    # What comes when nothing is behind has its chance again.
    connection.fetchable.set()
    connection.files.append("QUJD")
    connection.say(MessageSeen(journal=None, message=image(4)))
    await eventually(lambda: logged(4), what="the next one")
    assert ["base64" in content for content in await upserts(world)] == [False, False, False, True]


async def test_a_file_that_says_it_is_too_large_is_not_fetched(world: World) -> None:
    large = image(1, fileLength=str(attachments.MOST_BYTES + 1))
    await says(world, {"base64": True}, large, files=["QUJD"])
    assert world.engine.connections[0].fetched == []


async def test_a_messages_chat_and_other_reports_become_events_too(world: World) -> None:
    await says(world, {}, image(1), files=[])
    jid = "5511888880000@s.whatsapp.net"
    presence = {"id": jid, "presences": {jid: {"lastKnownPresence": "composing"}}}
    unknown = Reported(kind="something.new", data={})
    world.engine.connections[0].say(unknown, Reported(kind="presence.update", data=presence))

    async def seen() -> bool:
        return (await world.log(await world.stored()))[-1] == ("presence.update", presence)

    await eventually(seen, what="the presence")
    kinds = [kind for kind, _ in await world.log(await world.stored())]
    assert kinds[-3:] == ["messages.upsert", "chats.update", "presence.update"]
