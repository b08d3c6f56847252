"""Create, connect and delete: what they leave behind, and what they do to the session."""

import asyncio

import msgspec
import pytest

from pombo_common.model.commands import InstanceConnect, InstanceCreate, InstanceDelete, PlainCommand
from pombo_common.model.settings import WebhookInput
from pombo_common.ports.bus import Done, PassOn, Request
from pombo_worker.engines.port import Account, Closed, Connecting, Opened, QrShown
from tests.unit.worker.commanding import answer, decoded, give
from tests.unit.worker.scripted_engine import PAIRED_CREDS
from tests.unit.worker.world import API_KEY, World

pytestmark = pytest.mark.asyncio

CREATE = InstanceCreate(id="c1", instance="shop", integration="WHATSAPP-BAILEYS")
ME = Account(id="5511999990000:3@s.whatsapp.net")


async def test_create_stores_instance_event_and_outcome_in_one_step(world: World) -> None:
    webhook = WebhookInput(url="http://receiver.test/hook")
    reply = await answer(world, msgspec.structs.replace(CREATE, token="MY-TOKEN", webhook=webhook))
    (change,) = world.store.applied
    assert change.create
    assert change.outcome is not None
    assert [event.type for event in change.events] == ["instance.create"]
    assert [destination.name for destination in change.destinations if destination.settings] == ["webhook"]
    stored = await world.stored()
    assert reply["result"]["token"] == "MY-TOKEN"
    assert stored.instance.token_print == world.vault.fingerprint(b"MY-TOKEN")
    for kept in (change.outcome, stored.instance.sealed, change.events[0].body):
        assert b"MY-TOKEN" not in kept
    assert await world.log(stored) == [("instance.create", {"instanceName": "shop", "instanceId": stored.instance.id})]
    assert (await world.store.due())[0].destination == "webhook"
    assert (stored.live.state, stored.live.wanted, world.engine.tries) == ("close", False, 0)


async def test_a_token_is_made_when_none_is_given_and_differs_each_time(world: World) -> None:
    tokens = {(await answer(world, msgspec.structs.replace(CREATE, instance=name)))["result"]["token"] for name in "ab"}
    assert len(tokens) == 2
    assert min(len(token) for token in tokens) >= 32


async def test_create_with_a_qr_code_starts_the_session(world: World) -> None:
    await answer(world, msgspec.structs.replace(CREATE, qrcode=True))
    connection = await world.engine.dialled(1)
    lease = (await world.stored()).lease
    assert lease is not None
    assert world.sessions.held() == {"shop": lease.epoch}
    connection.say(Connecting(), QrShown(code="2@one", seconds=60))
    assert (await world.reaches(phase="qr")).qr is not None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"instance": "amq.x"}, "bad_name"),
        ({"integration": "TELEGRAM"}, "bad_integration"),
        ({"integration": "WHATSAPP-SANDBOX"}, "bad_integration"),
        ({"token": API_KEY}, "bad_token"),
        ({"number": "+55 11"}, "bad_number"),
        ({"webhook": WebhookInput(url="ftp://x")}, "bad_webhook"),
        *(
            ({"webhook": WebhookInput(url=url)}, "bad_webhook")
            for url in ("http://[::1", "http://x:99999/", "http://x:0/", "http://x:y/", "http://", "http://a b/", "//x")
        ),
        *(
            ({"webhook": WebhookInput(url="http://x", headers=headers)}, "bad_webhook")
            for headers in ({"Content-Length": "5"}, {"transfer-encoding": "chunked"}, {"X A": "b"}, {"X-A": "a\nb"})
        ),
        ({"webhook": WebhookInput(url="http://x", events=["NOTHING"])}, "bad_webhook"),
    ],
)
async def test_a_bad_field_is_refused_by_name_and_leaves_nothing(
    world: World, fields: dict[str, object], code: str
) -> None:
    reply = await answer(world, msgspec.structs.replace(CREATE, **fields))
    assert (reply["ok"], reply["error"]["status"], reply["error"]["code"]) == (False, 400, code)
    assert await world.store.instances() == []


async def test_connect_starts_a_closed_instance_and_leaves_a_running_one(world: World) -> None:
    stored = await world.create(reason="qr-limit", phase="stopped")
    reply = await answer(world, InstanceConnect(id="a", instance="shop"))
    assert reply["result"]["live"]["reason"] is None
    connection = await world.engine.dialled(1)
    connection.say(Connecting(), QrShown(code="2@one", seconds=60))
    await world.reaches(phase="qr")
    again = await answer(world, InstanceConnect(id="b", instance="shop"))
    assert again["result"]["live"]["qr"]["code"] == "2@one"
    assert world.engine.tries == 1
    assert (await world.stored()).instance.id == stored.instance.id


async def test_connect_that_another_worker_overtakes_goes_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = await world.create()
    acquire = world.store.acquire

    async def overtaken(name: str, instance_id: str, owner: str, seconds: float, last: int) -> int | None:
        assert await acquire(name, instance_id, "worker-2", seconds) == 1
        return await acquire(name, instance_id, owner, seconds, last)

    monkeypatch.setattr(world.store, "acquire", overtaken)
    connect = InstanceConnect(id="a", instance="shop")
    assert await give(world, connect) == PassOn(worker="worker-2")
    assert (await world.stored()).live == stored.live
    assert world.engine.tries == 0


async def test_what_is_unknown_is_404(world: World) -> None:
    commands: list[PlainCommand] = [InstanceConnect(id="a", instance="no"), InstanceDelete(id="b", instance="no")]
    for command in commands:
        error = (await answer(world, command))["error"]
        assert (error["status"], error["code"]) == (404, "unknown_instance")


async def test_delete_unlinks_then_removes_everything(world: World) -> None:
    stored = await world.create(paired=True, wanted=True)
    await world.start(stored)
    connection = await world.engine.dialled(1)
    connection.say(Connecting(), Opened(account=ME))
    await world.reaches(state="open")
    reply = await answer(world, InstanceDelete(id="d", instance="shop"))
    assert reply["ok"] is True
    assert connection.closes == [True]
    assert world.sessions.names == []
    assert await world.store.instance("shop") is None
    assert await world.store.creds("shop", stored.instance.id) is None
    # The same command again gives the same answer; another one finds nothing.
    assert await answer(world, InstanceDelete(id="d", instance="shop")) == reply
    assert (await answer(world, InstanceDelete(id="e", instance="shop")))["error"]["status"] == 404


async def test_deleting_what_was_never_linked_unlinks_nothing(world: World) -> None:
    await world.start(await world.create(wanted=True))
    connection = await world.engine.dialled(1)
    await answer(world, InstanceDelete(id="d", instance="shop"))
    assert connection.closes == [False]
    assert await world.store.instance("shop") is None


async def test_the_last_event_of_a_deleted_instance_is_still_due(world: World) -> None:
    stored = await world.create(url="http://receiver.test")
    await answer(world, InstanceDelete(id="d", instance="shop"))
    assert (await world.log(stored))[0][0] == "instance.delete"
    assert [due.instance_id for due in await world.store.due()] == [stored.instance.id]


async def test_a_name_can_be_used_again_by_another_instance(world: World) -> None:
    old = await world.create(paired=True, wanted=True)
    deleting = asyncio.create_task(answer(world, InstanceDelete(id="d", instance="shop")))
    (await world.engine.dialled(1)).say(Closed(code=401, message="", origin="server"))
    await deleting
    reply = await answer(world, CREATE)
    assert reply["result"]["instanceId"] != old.instance.id
    assert await world.store.creds("shop", reply["result"]["instanceId"]) is None


async def test_a_command_that_came_over_the_bus_is_answered_over_the_bus(world: World) -> None:
    await world.bus.serve("worker-1", world.consumer.handle, prefetch=4)
    reply = decoded(await world.bus.call(msgspec.json.encode(CREATE), command_id="c1", seconds=10))
    direct = await give(world, CREATE)
    assert isinstance(direct, Done)
    assert reply == decoded(direct.reply)


async def test_a_stopped_session_can_be_connected_again_with_its_credentials(world: World) -> None:
    await world.start(await world.create(paired=True, wanted=True))
    (await world.engine.dialled(1)).say(Closed(code=440, message="", origin="server"))
    await world.reaches(phase="stopped")
    await world.gone()
    await world.consumer.handle(Request(body=b'{"id":"a","type":"instance.connect","instance":"shop"}'))
    assert (await world.engine.dialled(2)).dial.creds == PAIRED_CREDS
