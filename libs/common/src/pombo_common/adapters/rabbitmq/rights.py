"""Trying what a user may do on the broker, as Pombo does it, with a queue of its own that is gone at once."""

import uuid

from pombo_common.adapters.rabbitmq.link import Link, broker_errors
from pombo_common.adapters.rabbitmq.messages import outgoing
from pombo_common.adapters.rabbitmq.topology import Topology

TRY_SECONDS = 5.0
HEARTBEAT_SECONDS = 10


async def try_rights(url: str, *, prefix: str = "pombo") -> None:
    """Declare what is shared, as every start does, and send a message to a queue over both exchanges in use.

    Args:
        url: AMQP URL of the broker.
        prefix: begins the name of every exchange and queue.

    Raises:
        BusForbidden: this user lacks a right.
        BusRefused: the broker refuses the user or the password.
        BusUnavailable: the broker cannot be reached, or refuses for another reason.
    """
    topology = Topology(prefix)
    name = f"{prefix}.doctor.{uuid.uuid4()}"
    link = Link(url, name=f"{prefix} doctor", heartbeat=HEARTBEAT_SECONDS)
    try:
        await link.open()
        async with broker_errors(TRY_SECONDS):
            channel = await link.channel(confirms=True)
            exchanges = await topology.declare(channel)
            queue = await channel.declare_queue(name, exclusive=True, auto_delete=True, robust=False)
            await queue.bind(topology.bus.name, name, robust=False)
            for exchange in (exchanges[topology.bus.name], channel.default_exchange):
                await exchange.publish(outgoing(b"{}", persistent=False), name)
                await queue.get(no_ack=True)
    finally:
        await link.close()
