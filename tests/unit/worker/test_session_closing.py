"""What a session does when its connection closes: reconnects, gives up with a reason, or leaves without a word."""

import pytest

from pombo_common.ports.changes import Verdict
from pombo_worker.engines.port import (
    Account,
    Closed,
    Connecting,
    EngineUnavailable,
    Opened,
    Origin,
    QrShown,
)
from pombo_worker.sessions import backoff as backoff_module
from pombo_worker.sessions import reconnecting
from tests.support.waiting import eventually
from tests.unit.worker.scripted_engine import PAIRED_CREDS
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

ME = Account(id="5511999990000:3@s.whatsapp.net")


async def opened(world: World) -> str:
    """Run a linked session up to open; returns the instance's id."""
    stored = await world.create(paired=True, wanted=True)
    await world.start(stored)
    (await world.engine.dialled(1)).say(Connecting(), Opened(account=ME))
    await world.reaches(state="open")
    return stored.instance.id


@pytest.mark.parametrize(
    ("code", "reason", "forgets"),
    [
        (401, "logged-out", True),
        (403, "refused", True),
        (411, "multi-device-mismatch", True),
        (402, "refused", False),
        (406, "refused", False),
        (440, "replaced", False),
    ],
)
async def test_a_final_close_is_told_once_and_gives_the_lease_back(
    world: World, code: int, reason: str, *, forgets: bool
) -> None:
    instance_id = await opened(world)
    world.engine.connections[0].say(Closed(code=code, message="", origin="server"))
    live = await world.reaches(phase="stopped")
    await world.gone()
    assert (live.state, live.reason, live.status_reason, live.wanted) == ("close", reason, code, False)
    assert live.paired is not forgets
    assert (await world.store.creds("shop", instance_id) is None) is forgets
    stored = await world.stored()
    assert stored.lease is None
    assert await world.states(stored) == ["connecting", "open", "close"]
    assert (await world.log(stored))[-1][1]["willReconnect"] is False
    assert world.engine.tries == 1


@pytest.mark.parametrize(
    ("code", "origin", "reason"),
    [(428, "network", "connection-lost"), (None, "host", "engine-restarted"), (405, "server", "outdated-version")],
)
async def test_a_lost_connection_is_made_again_and_told_once(
    world: World, code: int | None, origin: Origin, reason: str
) -> None:
    await opened(world)
    world.engine.connections[0].say(Closed(code=code, message="", origin=origin))
    second = await world.engine.dialled(2)
    live = await world.live()
    assert (live.state, live.phase, live.reason, live.wanted) == ("connecting", "waiting", reason, True)
    assert second.dial.creds == PAIRED_CREDS
    second.say(Closed(code=code, message="", origin=origin))
    (await world.engine.dialled(3)).say(Connecting(), Opened(account=ME))
    await world.reaches(state="open", reason=None)
    stored = await world.stored()
    assert await world.states(stored) == ["connecting", "open", "connecting", "open"]
    assert world.engine.live == 1


async def test_an_engine_that_cannot_dial_is_tried_again(world: World) -> None:
    world.engine.refusals.extend([EngineUnavailable("no Node"), EngineUnavailable("no Node")])
    stored = await world.create(wanted=True)
    await world.start(stored)
    await world.engine.dialled(1)
    assert world.engine.tries == 3
    live = await world.live()
    assert (live.state, live.reason) == ("connecting", "engine-restarted")


async def test_a_first_login_that_is_refused_is_an_interrupted_pairing(world: World) -> None:
    stored = await world.create(paired=True, wanted=True, phase="pairing", state="connecting")
    await world.start(stored)
    first = await world.engine.dialled(1)
    # It stays a first login through a lost connection, until it reaches open.
    first.say(Connecting(), Closed(code=428, message="", origin="network"))
    second = await world.engine.dialled(2)
    second.say(Connecting(), Closed(code=401, message="", origin="server"))
    live = await world.reaches(phase="stopped")
    assert (live.reason, live.paired) == ("pairing-interrupted", False)
    assert await world.store.creds("shop", stored.instance.id) is None


@pytest.mark.parametrize("origin", ["lease", "fenced"])
async def test_a_session_that_is_anothers_leaves_without_a_word(world: World, origin: Origin) -> None:
    await opened(world)
    await eventually(lambda: len(world.store.verdicts) == 3, what="the answers to the creation and both writes")
    before, writes = await world.live(), len(world.store.verdicts)
    world.engine.connections[0].say(Closed(code=None, message="", origin=origin))
    await world.gone()
    assert await world.live() == before
    assert len(world.store.verdicts) == writes


async def test_a_fenced_session_stops_at_its_first_write_and_makes_no_other(world: World) -> None:
    await opened(world)
    stored = await world.stored()
    world.clock.advance(60)
    await world.lease(stored, "worker-2")
    before, log = await world.live(), await world.log(stored)
    world.engine.connections[0].say(Connecting(), QrShown(code="2@x", seconds=9), Opened(account=ME))
    await world.gone()
    assert world.store.verdicts[-1] is Verdict.FENCED
    assert world.store.verdicts.count(Verdict.FENCED) == 1
    assert (await world.live(), await world.log(stored)) == (before, log)
    assert world.engine.live == 0
    # The other's lease is left to the other.
    lease = (await world.stored()).lease
    assert lease is not None
    assert lease.owner == "worker-2"


async def test_a_store_that_is_away_is_waited_for(world: World) -> None:
    await opened(world)
    world.store.away = 5
    world.engine.connections[0].say(Closed(code=428, message="", origin="network"))
    await world.engine.dialled(2)
    assert world.store.away == 0
    assert await world.states(await world.stored()) == ["connecting", "open", "connecting"]


async def test_restarts_at_once_take_no_delay_and_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def note(attempt: int, _: object) -> float:
        asked.append(attempt)
        return 0.0

    monkeypatch.setattr(backoff_module, "delay_before", note)
    await opened(world)
    lost, restart = Closed(code=428, message="", origin="network"), Closed(code=515, message="", origin="server")
    for number, closed in enumerate((lost, lost, restart, lost, lost), start=1):
        (await world.engine.dialled(number)).say(closed)
    await eventually(lambda: len(asked) == 4, what="four delays")
    # The backoff grows, a restart that the server asked for begins it anew.
    assert asked == [1, 2, 1, 2]


async def test_each_cause_of_an_outage_is_told_once_and_that_it_will_reconnect(world: World) -> None:
    await opened(world)
    causes = [(515, "restart-required"), (428, "connection-lost"), (428, "connection-lost"), (405, "outdated-version")]
    for number, (code, reason) in enumerate(causes, start=1):
        connection = await world.engine.dialled(number)
        connection.say(Closed(code=code, message="", origin="server"))
        assert (await world.engine.dialled(number + 1)).live
        assert (await world.live()).reason == reason
    world.engine.connections[-1].say(Connecting(), Opened(account=ME))
    await world.reaches(state="open")
    told = [data for kind, data in await world.log(await world.stored()) if kind == "connection.update"][2:]
    assert [(data["state"], data["statusReason"]) for data in told] == [
        ("connecting", 515),
        ("connecting", 428),
        ("connecting", 405),
        ("open", 200),
    ]
    assert all(data["willReconnect"] for data in told[:-1])


async def test_a_session_that_fails_by_itself_is_closed_and_can_be_taken_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    await opened(world)
    monkeypatch.setattr(reconnecting.Reconnecting, "opened", fail)
    world.engine.connections[0].say(Opened(account=ME))
    await world.gone()
    assert world.engine.live == 0
    assert await world.store.abandoned() == ["shop"]
