"""Global destinations: new instances have them, those that exist get them at a worker's start, others lose them."""

import pytest

from pombo_worker.delivery.destination_settings import WebhookDestination, open_destination
from pombo_worker.delivery.destinations import Destinations
from pombo_worker.delivery.reconciling import Reconciliation
from tests.unit.worker.receiver import Delivering, deliver, wakeup_of
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio


def installation(world: World, url: str, *events: str) -> Destinations:
    """Return destinations with a global webhook."""
    everywhere = WebhookDestination(
        instance="", apikey=None, events=list(events), url=url, headers={}, by_events=False, trusted=True
    )
    return Destinations(vault=world.vault, expose_keys=False, installation={"webhook.global": everywhere})


async def test_what_exists_is_brought_in_line_once(world: World) -> None:
    stored = await world.create(url="http://own.test")
    for _ in range(2):
        await Reconciliation(world.store, installation(world, "http://all.test", "CALL")).run()
    assert len([change for change in world.store.applied if not change.create]) == 1
    states = await world.store.destinations("shop", stored.instance.id)
    assert [state.name for state in states] == ["webhook", "webhook.global"]
    opened = open_destination("webhook.global", states[1].settings, stored.instance.id, world.vault)
    assert (opened.instance, opened.events) == ("shop", ["CALL"])
    assert b"all.test" not in world.vault.open(states[1].settings, f"{stored.instance.id}/destination/webhook.global")
    await Reconciliation(world.store, world.destinations).run()
    assert [state.name for state in await world.store.destinations("shop", stored.instance.id)] == ["webhook"]


async def test_where_and_what_follows_the_workers_configuration(delivering: Delivering) -> None:
    stored, world = await delivering.world.create(), delivering.world
    globally = installation(world, delivering.receiver.url, "CALL")
    await Reconciliation(world.store, globally).run()
    await delivering.append(stored, "call", "qrcode.updated", "call")
    wakeup = wakeup_of(stored, destination="webhook.global")
    # A worker that knows of no global webhook leaves it to those that do.
    assert (await deliver(delivering.deliverer, wakeup)).wait is None
    assert delivering.receiver.seqs == []
    await deliver(delivering.another(destinations=globally), wakeup)
    assert [(body["event"], body["instance"]) for body in delivering.receiver.bodies] == [("call", "shop")] * 2
