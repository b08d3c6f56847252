"""What a sender or a reason would make too large for one frame harms no other command."""

import time

import pytest

from pombo_common.adapters.rabbitmq import RabbitMqBus
from pombo_common.adapters.rabbitmq.messages import ATTEMPTS, NOT_AFTER, REASON_CHARACTERS
from pombo_common.adapters.rabbitmq.publisher import PUBLISH_SECONDS
from pombo_common.adapters.rabbitmq.topology import Topology
from pombo_common.adapters.redelivery import DELIVERY_LIMIT
from pombo_common.ports.bus import Again, Disposition, Done, Later, PassOn, Request, Unreadable
from tests.contract.bus.handlers import echo
from tests.contract.bus.harness import take_dead_letters
from tests.contract.bus_rabbitmq.plain_client import PlainClient
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

FRAME_BYTES = 131_072
"""What RabbitMQ allows by default; a header frame cannot be parted."""

# As much as the sender's own frame takes, so that a copy with ours has no room.
HUGE = {"x-sender": "x" * (FRAME_BYTES - 150)}


async def the_dead_letter(amqp_url: str, prefix: str) -> tuple[bytes, str]:
    """Wait for one dead letter; returns its body and the reason."""
    (letter,) = await eventually(lambda: take_dead_letters(amqp_url, Topology(prefix)), what="a dead letter")
    return letter


@pytest.mark.parametrize("headers", [{}, HUGE], ids=["no headers", "huge headers"])
@pytest.mark.parametrize("attempts", [0, DELIVERY_LIMIT])
async def test_a_reason_is_cut_and_fixed_past_the_limit(
    bus: RabbitMqBus, client: PlainClient, prefix: str, amqp_url: str, headers: dict[str, str], attempts: int
) -> None:
    reason = "wrong " * FRAME_BYTES

    async def handle(request: Request) -> Disposition:
        return Unreadable(reason) if request.body == b"wrong" else await echo(request)

    await bus.serve("one", handle, prefetch=1)
    await client.send(prefix, b"wrong", reply_to="", headers={**headers, ATTEMPTS: attempts})
    said = reason[:REASON_CHARACTERS] if attempts == 0 else "delivery limit"
    assert await the_dead_letter(amqp_url, prefix) == (b"wrong", said)
    await client.send(prefix, b"next")
    assert (await client.reply()).body == b"re:next"


@pytest.mark.parametrize("again", [Again(), Later(), PassOn("one")], ids=["again", "later", "passed on"])
async def test_a_command_with_headers_up_to_a_frame_goes_on_without_them(
    bus: RabbitMqBus, client: PlainClient, prefix: str, again: Disposition
) -> None:
    seen: list[tuple[float, float | None]] = []

    async def handle(request: Request) -> Disposition:
        seen.append((time.monotonic(), request.expires_in))
        return again if len(seen) == 1 else Done(b"done")

    await bus.serve("one", handle, prefetch=1)
    await client.send(prefix, b"x", correlation_id="kept", expiration=50, headers=HUGE)
    reply = await client.reply()
    assert (reply.body, reply.correlation_id) == (b"done", "kept")
    (received, _), (came_again, left) = seen
    assert left is not None
    assert 40 < left < 50
    # Nor was the publisher's connection lost over it.
    assert came_again - received < PUBLISH_SECONDS


async def test_time_that_is_over_is_told_as_such(bus: RabbitMqBus, client: PlainClient, prefix: str) -> None:
    seen: list[float | None] = []

    async def handle(request: Request) -> Disposition:
        seen.append(request.expires_in)
        return await echo(request)

    await bus.serve("one", handle, prefetch=1)
    await client.send(prefix, b"x", headers={NOT_AFTER: 1_000})
    await client.reply()
    (left,) = seen
    assert left is not None
    assert left < -1_000_000
