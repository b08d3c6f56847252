"""Commands as the Bus hands them to a world's worker, and its replies."""

from typing import Any

import msgspec

from pombo_common.model.commands import PlainCommand
from pombo_common.ports.bus import Disposition, Done, Request
from pombo_worker.engines.port import Account, Connecting, Opened
from tests.unit.worker.scripted_engine import ScriptedConnection
from tests.unit.worker.world import World

ME = Account(id="5511999990000:3@s.whatsapp.net")


async def give(world: World, command: PlainCommand, **more: Any) -> Disposition:  # noqa: ANN401 - members of Request
    """Hand a plain command to the consumer, as an AMQP client would send it."""
    return await world.consumer.handle(Request(body=msgspec.json.encode(command), **more))


async def answer(world: World, command: PlainCommand, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - members of Request
    """Return the reply to a command that is handled here."""
    disposition = await give(world, command, **more)
    assert isinstance(disposition, Done)
    return decoded(disposition.reply)


def decoded(reply: bytes) -> dict[str, Any]:
    """Return a reply's JSON."""
    answer: dict[str, Any] = msgspec.json.decode(reply)
    return answer


async def opened(world: World, name: str = "shop") -> ScriptedConnection:
    """Run an open session; returns its connection, the newest of the engine's."""
    await world.start(await world.create(name, paired=True, wanted=True))
    return await opens(world, len(world.engine.connections) + 1, name)


async def opens(world: World, number: int, name: str = "shop") -> ScriptedConnection:
    """Let the connection with this number open; returns it."""
    connection = await world.engine.dialled(number)
    connection.say(Connecting(), Opened(account=ME))
    await world.reaches(name, state="open", phase="open")
    return connection
