"""`webhook.test` of a receiver that hangs: in nobody's way."""

import asyncio
import dataclasses

import pytest

from pombo_common.model.commands import InstanceDelete, InstanceRestart, WebhookSet
from pombo_common.model.deliveries import WebhookTest
from pombo_common.model.messages import MessageText
from pombo_common.model.settings import WebhookInput
from pombo_common.ports.bus import Done, Later
from pombo_worker.commands import consumer
from pombo_worker.commands.consumer import CommandConsumer
from tests.support.waiting import eventually
from tests.unit.worker.commanding import decoded, give, opened, opens
from tests.unit.worker.hanging import Addresses
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

HANGING = "http://hang.test/hook"
TEST = WebhookTest(id="t1", instance="shop")


async def test_everything_else_of_the_instance_goes_on_while_a_receiver_hangs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Addresses()
    commands = dataclasses.replace(world.consumer._commands, sinks={"webhook": sink})  # noqa: SLF001 - a sink that hangs
    world = dataclasses.replace(world, consumer=CommandConsumer(commands))
    await opened(world)
    assert isinstance(await give(world, webhook("w1", HANGING)), Done)
    testing = asyncio.create_task(give(world, TEST))
    await eventually(lambda: sink.hanging == 1, what="that the receiver has the sample")
    assert isinstance(await give(world, webhook("w2", "http://well.test/hook")), Done)
    assert isinstance(await give(world, InstanceRestart(id="r", instance="shop")), Done)
    await opens(world, 2)
    sent = await give(world, MessageText(id="m", instance="shop", number="15557770001", text="Good day"))
    assert isinstance(sent, Done)
    assert decoded(sent.reply)["ok"] is True
    with monkeypatch.context() as soon:
        soon.setattr(consumer, "TURN_SECONDS", 0.05)
        # Its own kind waits, or those of one instance would take up every place.
        assert await give(world, WebhookTest(id="t2", instance="shop")) == Later()
        assert sink.hanging == 1
    assert not testing.done()
    sink.told.set()
    told = await testing
    assert isinstance(told, Done)
    assert decoded(told.reply)["result"]["reason"] == "no answer"
    assert isinstance(await give(world, InstanceDelete(id="d", instance="shop")), Done)


def webhook(command_id: str, url: str) -> WebhookSet:
    """Return a command that sets the webhook's address."""
    return WebhookSet(id=command_id, instance="shop", webhook=WebhookInput(url=url))
