"""`webhook.set`: absent members keep their value, and nobody's change is lost."""

import dataclasses
from typing import Any

import pytest

from pombo_common.model.commands import WebhookSet
from pombo_common.model.events import EVENT_NAMES
from pombo_common.model.settings import WebhookInput
from pombo_common.ports.changes import Applied, Change, Verdict
from pombo_common.projection import open_secrets
from pombo_worker.commands.consumer import CommandConsumer
from pombo_worker.delivery.destination_settings import WebhookDestination, open_destination
from pombo_worker.sessions.turns import Turns
from tests.unit.worker.commanding import answer
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio


async def setting(world: World, number: int, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - members of WebhookInput
    """Set the webhook; returns the reply."""
    return await answer(world, WebhookSet(id=f"w{number}", instance="shop", webhook=WebhookInput(**fields)))


async def test_the_first_one_gets_every_event_and_an_id(world: World) -> None:
    await world.create()
    result = (await setting(world, 1, url="http://a.test/hook"))["result"]
    assert result["id"]
    assert (result["url"], result["enabled"], result["byEvents"], result["base64"], result["headers"]) == (
        "http://a.test/hook",
        True,
        False,
        False,
        {},
    )
    assert result["events"] == list(EVENT_NAMES)


async def test_absent_members_keep_their_value(world: World) -> None:
    await world.create()
    first = (
        await setting(
            world,
            1,
            url="http://a.test",
            headers={"authorization": "Bearer x"},
            events=["call", "groups_update"],
            webhook_by_events=True,
            webhook_base64=True,
        )
    )["result"]
    assert first["events"] == ["CALL", "GROUP_UPDATE"]
    second = (await setting(world, 2, enabled=False))["result"]
    assert second == first | {"enabled": False, "updatedAt": second["updatedAt"]}
    third = (await setting(world, 3, url="http://b.test", by_events=False, events=[]))["result"]
    assert (third["url"], third["enabled"], third["byEvents"], third["base64"]) == ("http://b.test", False, False, True)
    assert third["events"] == list(EVENT_NAMES)
    assert third["headers"] == {"authorization": "Bearer x"}
    assert (third["id"], third["createdAt"]) == (first["id"], first["createdAt"])


async def test_the_first_needs_an_address_and_later_ones_do_not(world: World) -> None:
    await world.create()
    assert (await setting(world, 1, enabled=True))["error"]["code"] == "bad_webhook"
    await setting(world, 2, url="http://a.test")
    assert (await setting(world, 3, events=["CALL"]))["ok"] is True


async def test_deliveries_follow_the_webhook_and_end_when_it_is_disabled(world: World) -> None:
    stored = await world.create()
    await setting(world, 1, url="http://a.test", events=["CALL"])
    (destination,) = world.store.applied[-1].destinations
    assert destination.settings is not None
    assert b"a.test" not in destination.settings
    opened = open_destination("webhook", destination.settings, stored.instance.id, world.vault)
    assert isinstance(opened, WebhookDestination)
    assert (opened.url, opened.events, opened.apikey) == ("http://a.test", ["CALL"], None)
    await setting(world, 2, enabled=False)
    (destination,) = world.store.applied[-1].destinations
    assert destination.settings is None


async def test_a_change_in_between_is_read_again_and_both_stand(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.create(url="http://old.test")
    apply, overtakers = world.store.apply, [WebhookInput(headers={"x": "1"})]

    async def overtaken(name: str, change: Change) -> Applied:
        if overtakers:
            webhook = overtakers.pop()
            # Another worker's consumer, which does not share our turns.
            monkeypatch.setattr(world.store, "apply", apply)
            parts = world.consumer._commands  # noqa: SLF001 - the same parts but one
            other = CommandConsumer(dataclasses.replace(parts, turns=Turns()))
            world.consumer, mine = other, world.consumer
            await answer(world, WebhookSet(id="other", instance="shop", webhook=webhook))
            world.consumer = mine
        return await apply(name, change)

    monkeypatch.setattr(world.store, "apply", overtaken)
    result = (await setting(world, 1, url="http://new.test"))["result"]
    assert (result["url"], result["headers"]) == ("http://new.test", {"x": "1"})
    assert world.store.verdicts[-2:] == [Verdict.OUTDATED, Verdict.APPLIED]
    instance = (await world.stored()).instance
    kept = open_secrets(instance, world.vault).webhook
    assert kept is not None
    assert (kept.url, kept.headers, instance.version) == ("http://new.test", {"x": "1"}, 3)
