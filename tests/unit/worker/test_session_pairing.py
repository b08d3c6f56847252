"""A session from its first dial to open: each step's state and event are one write, in the contract's order."""

import asyncio

import pytest

from pombo_worker.engines.port import Account, Closed, Connecting, Fenced, Opened, Paired, QrShown
from pombo_worker.sessions.taken_lease import OWNED_PART
from tests.support.waiting import eventually
from tests.unit.worker.scripted_engine import FRESH_CREDS, PAIRED_CREDS
from tests.unit.worker.world import JID, LEASE_SECONDS, World, kinds

pytestmark = pytest.mark.asyncio

ME = Account(id="5511999990000:3@s.whatsapp.net", lid="1:3@lid", name="Loja")
RESTART = Closed(code=515, message="Stream Errored (restart required)", origin="server")


async def showing(world: World, code: str) -> bool:
    qr = (await world.live()).qr
    return qr is not None and qr.code == code


async def test_the_way_to_open_is_told_in_order(world: World) -> None:
    stored = await world.create(phase="dialling", wanted=True)
    epoch = await world.start(stored)
    first = await world.engine.dialled(1)
    assert first.dial.creds is None
    assert first.dial.key == f"{stored.instance.id}:{epoch}:1"
    assert first.dial.owned_until() <= asyncio.get_running_loop().time() + LEASE_SECONDS * OWNED_PART
    first.say(Connecting(), QrShown(code="2@one", seconds=60))
    await world.reaches(phase="qr", state="connecting")
    first.say(QrShown(code="2@two", seconds=20))
    await eventually(lambda: showing(world, "2@two"), what="the second code")
    shown = await world.live()
    await first.listener.save_creds(PAIRED_CREDS)
    first.say(Paired(account=ME), RESTART)
    second = await world.engine.dialled(2)
    assert second.dial.creds == PAIRED_CREDS
    assert second.dial.key != first.dial.key
    second.say(Connecting(), Opened(account=ME))
    opened = await world.reaches(state="open")
    assert shown.qr is not None
    assert (opened.phase, opened.paired, opened.qr, opened.owner_jid, opened.profile_name) == (
        "open",
        True,
        None,
        JID,
        "Loja",
    )
    log = await world.log(stored)
    assert [kind for kind, _ in log] == [
        "connection.update",
        "qrcode.updated",
        "qrcode.updated",
        "connection.update",
        "connection.update",
    ]
    assert [data["qrcode"]["count"] for kind, data in log if kind == "qrcode.updated"] == [1, 2]
    assert log[-1][1] == {
        "instance": "shop",
        "state": "open",
        "statusReason": 200,
        "wuid": JID,
        "profileName": "Loja",
        "profilePictureUrl": None,
    }


async def test_every_event_of_the_connection_travels_with_the_state_that_it_tells(world: World) -> None:
    stored = await world.create()
    await world.start(stored)
    connection = await world.engine.dialled(1)
    connection.say(Connecting(), QrShown(code="2@one", seconds=60))
    await world.reaches(phase="qr")
    await connection.listener.save_creds(PAIRED_CREDS)
    connection.say(RESTART)
    (await world.engine.dialled(2)).say(Connecting(), Opened(account=ME), Closed(code=440, message="", origin="server"))
    await world.reaches(phase="stopped")
    told = [change for change in world.store.applied if change.events]
    assert kinds(told) == [
        ["connection.update"],
        ["qrcode.updated"],
        ["connection.update"],
        ["connection.update"],
        ["connection.update"],
    ]
    data = [payload for _, payload in await world.log(stored)]
    for change, payload in zip(told, data, strict=True):
        assert change.live is not None
        if "state" in payload:
            assert (payload["state"], payload["statusReason"]) == (change.live.state, change.live.status_reason)
        else:
            assert change.live.qr is not None
            assert payload["qrcode"]["code"] == change.live.qr.code


async def test_the_first_credentials_leave_the_state_alone(world: World) -> None:
    stored = await world.create()
    await world.start(stored)
    connection = await world.engine.dialled(1)
    connection.say(Connecting(), QrShown(code="2@one", seconds=60))
    before = await world.reaches(phase="qr")
    await connection.listener.save_creds(FRESH_CREDS)
    assert await world.live() == before
    # `me` alone is a pairing code that somebody asked for, and no link yet.
    await connection.listener.save_creds('{"me":{"id":"5511999990000@s.whatsapp.net"}}')
    assert await world.live() == before


async def test_linked_credentials_and_paired_are_one_step(world: World) -> None:
    stored = await world.create()
    await world.start(stored)
    connection = await world.engine.dialled(1)
    connection.say(Connecting(), QrShown(code="2@one", seconds=60))
    await world.reaches(phase="qr")
    await connection.listener.save_creds(PAIRED_CREDS)
    (change,) = [each for each in world.store.applied if each.creds is not None and each.instance is None]
    assert change.live is not None
    assert (change.live.paired, change.live.phase, change.live.qr) == (True, "pairing", None)
    assert b"5511999990000" not in (change.creds or b"")


async def test_a_code_that_was_queued_before_the_pairing_does_not_undo_it(world: World) -> None:
    stored = await world.create()
    await world.start(stored)
    connection = await world.engine.dialled(1)
    connection.say(Connecting(), QrShown(code="2@one", seconds=60))
    await world.reaches(phase="qr")
    # The next code lies in the session's queue while the phone's answer is stored.
    connection.say(QrShown(code="2@late", seconds=20))
    await connection.listener.save_creds(PAIRED_CREDS)
    connection.say(RESTART)
    await world.engine.dialled(2)
    live = await world.live()
    assert (live.paired, live.phase, live.qr) == (True, "pairing", None)
    codes = [data["qrcode"]["code"] for kind, data in await world.log(stored) if kind == "qrcode.updated"]
    assert codes == ["2@one"]


async def test_a_fenced_pairing_is_refused_and_leaves_nothing(world: World) -> None:
    stored = await world.create()
    await world.start(stored)
    connection = await world.engine.dialled(1)
    connection.say(Connecting())
    await world.reaches(state="connecting")
    world.clock.advance(60)
    await world.lease(stored, "worker-2")
    with pytest.raises(Fenced):
        await connection.listener.save_creds(PAIRED_CREDS)
    assert await world.store.creds("shop", stored.instance.id) is None
    assert not (await world.live()).paired


async def test_codes_are_counted_to_the_limit_and_end_in_one_clear_close(world: World) -> None:
    stored = await world.create()
    await world.start(stored)
    connection = await world.engine.dialled(1)
    connection.say(Connecting(), *(QrShown(code=f"2@{number}", seconds=20) for number in range(1, 6)))
    live = await world.reaches(phase="stopped")
    assert (live.state, live.reason, live.wanted, live.qr, live.paired) == ("close", "qr-limit", False, None, False)
    assert live.status_reason == 428
    await world.gone()
    assert world.engine.live == 0
    assert await world.states(stored) == ["connecting", *["qr"] * 3, "close"]
    assert (await world.stored()).lease is None


async def test_codes_that_ran_out_are_followed_by_new_ones_until_the_limit(world: World) -> None:
    stored = await world.create()
    await world.start(stored)
    for number, codes in ((1, 2), (2, 1)):
        connection = await world.engine.dialled(number)
        connection.say(Connecting(), *(QrShown(code=f"2@{number}-{each}", seconds=20) for each in range(codes)))
        connection.say(Closed(code=408, message="QR refs attempts ended", origin="local"))
    assert (await world.reaches(phase="stopped")).reason == "qr-limit"
    await world.gone()
    # One `connecting` for the whole stretch: a reader never sees the connection flap between codes.
    assert await world.states(stored) == ["connecting", *["qr"] * 3, "close"]
    assert len(world.engine.connections) == 2


async def test_nothing_of_a_pairing_is_written_twice_when_answers_are_lost(world: World) -> None:
    stored = await world.create()
    await world.start(stored)
    connection = await world.engine.dialled(1)
    world.store.lost_answers = 1
    connection.say(Connecting())
    await world.reaches(state="connecting")
    world.store.lost_answers = 1
    connection.say(QrShown(code="2@one", seconds=60))
    await world.reaches(phase="qr")
    world.store.lost_answers = 1
    await asyncio.wait_for(connection.listener.save_creds(PAIRED_CREDS), 5)
    world.store.lost_answers = 1
    connection.say(Opened(account=ME))
    await world.reaches(state="open")
    connection.say(Closed(code=440, message="", origin="server"))
    await world.gone()
    assert await world.states(stored) == ["connecting", "qr", "open", "close"]
