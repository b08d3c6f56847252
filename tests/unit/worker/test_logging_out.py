"""Logout and deletion: the device counts as unlinked only when WhatsApp has said so."""

import asyncio
from collections.abc import Callable

import pytest

from pombo_common.model.commands import InstanceDelete, InstanceLogout, PlainCommand
from pombo_worker.engines.port import Closed, Connecting, Opened
from tests.unit.worker.commanding import ME, answer, opened
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

LOST = Closed(code=428, message="", origin="network")
UNLINKED = Closed(code=401, message="", origin="server")

endings = pytest.mark.parametrize(
    "command", [lambda: InstanceLogout(id="o", instance="shop"), lambda: InstanceDelete(id="o", instance="shop")]
)


@endings
async def test_what_whatsapp_confirms_takes_no_other_login(world: World, command: Callable[[], PlainCommand]) -> None:
    connection = await opened(world)
    reply = await answer(world, command())
    assert reply["ok"]
    assert reply["result"]["live"]["reason"] != "logged-out-here"
    assert (connection.closes, world.engine.tries) == ([True], 1)


@endings
async def test_a_connection_that_confirms_nothing_is_followed_by_one_that_does(
    world: World, command: Callable[[], PlainCommand]
) -> None:
    connection = await opened(world)
    connection.confirms = False
    ending = asyncio.create_task(answer(world, command()))
    second = await world.engine.dialled(2)
    second.say(Connecting(), Opened(account=ME))
    reply = await ending
    assert reply["result"]["live"]["reason"] != "logged-out-here"
    assert (connection.closes, second.closes[0]) == ([True], True)


@endings
async def test_a_device_that_turns_out_to_be_removed_already_is_unlinked(
    world: World, command: Callable[[], PlainCommand]
) -> None:
    (await opened(world)).confirms = False
    ending = asyncio.create_task(answer(world, command()))
    (await world.engine.dialled(2)).say(UNLINKED)
    assert (await ending)["result"]["live"]["reason"] != "logged-out-here"


@endings
@pytest.mark.parametrize("opens", [False, True])
async def test_when_whatsapp_cannot_be_told_the_answer_says_so(
    world: World, command: Callable[[], PlainCommand], *, opens: bool
) -> None:
    (await opened(world)).confirms = False
    ending = asyncio.create_task(answer(world, command()))
    second = await world.engine.dialled(2)
    second.confirms = False
    second.say(Opened(account=ME) if opens else LOST)
    reply = await ending
    assert reply["ok"]
    assert reply["result"]["live"]["reason"] == "logged-out-here"
