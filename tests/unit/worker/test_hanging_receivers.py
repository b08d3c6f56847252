"""Receivers that hang take nothing from those that do not: not from other hosts, nor from others at their own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pombo_common.model.commands import WebhookSet
from pombo_common.model.settings import WebhookInput
from pombo_common.ports.deliveries import EventRef, Resend
from pombo_worker.delivery import dispatcher, turn
from tests.support.waiting import eventually
from tests.unit.worker.commanding import answer
from tests.unit.worker.hanging import Scene
from tests.unit.worker.receiver import Delivering, wakeup_of

pytestmark = pytest.mark.asyncio

WELL = "http://well.test/"


@pytest_asyncio.fixture
async def scene(delivering: Delivering, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(turn, "LONG_SECONDS", 0.05)
    monkeypatch.setattr(dispatcher, "LOOK_SECONDS", 0.1)
    made = Scene(delivering)
    yield made
    await made.dispatcher.stop()


async def test_more_hanging_hosts_than_places_delay_no_other_host(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.bound(monkeypatch, QUICK=4, LONG=40)
    await scene.hang(20, "http://hang{}.test/")
    await eventually(lambda: scene.sink.hanging == 20, what="sendings to all that hang")
    await scene.event(await scene.instance("well", WELL))
    await scene.arrives(WELL)
    assert scene.sink.failed == []


async def test_one_more_long_sending_ends_the_one_that_has_gone_on_longest(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.bound(monkeypatch, QUICK=4, LONG=6, ILL=1)
    first, *_ = await scene.hang(20, "http://hang{}.test/")
    await scene.event(await scene.instance("well", WELL))
    await scene.arrives(WELL)
    await eventually(lambda: scene.sink.hanging <= 6, what="no more than may last long")
    (state,) = await scene.delivering.world.store.destinations(first.instance.name, first.instance.id)
    assert state.cursor.failure is not None
    assert state.cursor.failure.reason == turn.ENDED.why


async def test_who_hung_before_waits_with_its_like_alone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.bound(monkeypatch, ILL=2)
    hung = await scene.hang(10, "http://hang{}.test/")
    await eventually(lambda: scene.sink.hanging == 10, what="sendings to all that hang")
    await scene.fail_and_come_again(hung)
    await eventually(lambda: scene.sink.hanging == 2, what="a few of them")
    await scene.event(await scene.instance("well", WELL))
    await scene.arrives(WELL)
    assert scene.sink.hanging == 2
    scene.sink.told.set()
    await eventually(lambda: len(scene.sink.failed) == 20, what="each in its turn")


async def test_who_hung_before_leaves_places_at_its_host_to_others(scene: Scene) -> None:
    hung = await scene.hang(turn.PER_HOST, "http://shared.test/hang/{}")
    await eventually(lambda: scene.sink.hanging == turn.PER_HOST, what="a full host")
    await scene.fail_and_come_again(hung)
    await eventually(lambda: scene.sink.hanging == turn.PER_HOST // 2, what="half of its places")
    await scene.event(await scene.instance("well", "http://shared.test/well"))
    await scene.arrives("http://shared.test/well")


async def test_who_is_well_again_does_not_wait_with_the_ill_ones(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.bound(monkeypatch, ILL=2)
    hung = await scene.hang(3, "http://hang{}.test/")
    await eventually(lambda: scene.sink.hanging == 3, what="sendings to all that hang")
    await scene.fail_and_come_again(hung, then=("hang0", "hang2"))
    await eventually(lambda: scene.sink.hanging == 2, what="as many ill ones as may be")
    await eventually(lambda: scene.sink.arrived["http://hang1.test/"] == 1, what="the one that is well")
    await scene.event(hung[1])
    await eventually(lambda: scene.sink.arrived["http://hang1.test/"] == 2, what="its next event")
    assert scene.sink.hanging == 2


async def test_the_ports_of_one_name_share_a_bound_and_other_names_do_not(scene: Scene) -> None:
    many = turn.PER_NAME + 20
    await scene.hang(many, "http://hang.test:{}/")
    await eventually(lambda: scene.sink.hanging == turn.PER_NAME, what="as many as may be")
    await scene.event(await scene.instance("well", WELL))
    await scene.arrives(WELL)
    scene.sink.told.set()
    await eventually(lambda: len(scene.sink.failed) == many, what="the rest")
    assert scene.sink.most["hang.test"] == turn.PER_NAME


async def test_a_corrected_address_does_not_wait_for_the_host_of_the_old_one(scene: Scene) -> None:
    hung = await scene.hang(turn.PER_HOST + 5, "http://hang.test/{}")
    await eventually(lambda: scene.sink.hanging == turn.PER_HOST, what="a full host")
    waits = next(one for number, one in enumerate(hung) if not scene.sink.under_way[f"http://hang.test/{number}"])
    webhook = WebhookInput(enabled=True, url=WELL, events=["CALL"])
    command = WebhookSet(id="w1", instance=waits.instance.name, webhook=webhook)
    assert (await answer(scene.delivering.world, command))["ok"]
    await scene.arrives(WELL)
    assert scene.sink.hanging == turn.PER_HOST


async def test_what_is_aside_obeys_the_bound_of_its_host(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.bound(monkeypatch, PER_HOST=3)
    store, events = scene.delivering.world.store, 8
    stored = await scene.instance("shop", "http://one.test/")
    where = stored.instance.name, stored.instance.id
    scene.sink.final = True
    for _ in range(events):
        await scene.event(stored)
    await eventually(lambda: len(scene.sink.failed) == events, what="dead letters")

    async def dead() -> bool:
        return len(await store.dead_letters(*where)) == events

    await eventually(dead, what="its dead letters")
    for letter in await store.dead_letters(*where):
        event = EventRef(letter.seq, letter.event_id or "", letter.event_type or "")
        assert await store.resend(*where, "webhook", event) is Resend.SENT
    scene.sink.final, scene.sink.ill = False, ("one.test",)
    await scene.dispatcher.wake(wakeup_of(stored, aside=True))
    await eventually(lambda: scene.sink.hanging == 3, what="a full host")
    scene.sink.ill = ()
    scene.sink.told.set()
    await eventually(lambda: scene.sink.arrived["http://one.test/"] == events - 3, what="those that did not hang")
    assert scene.sink.most["one.test"] == 3
