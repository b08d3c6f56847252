"""Commands as the Bus hands them to a world's worker, and its replies."""

from typing import Any

import msgspec

from pombo_common.model.commands import PlainCommand
from pombo_common.ports.bus import Disposition, Done, Request
from tests.unit.worker.world import World


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
