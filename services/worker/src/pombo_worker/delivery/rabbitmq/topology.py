"""Names of exchanges and queues as the contract has them, and their declaration, which any client may repeat."""

from typing import NamedTuple

from aiormq.abc import AbstractChannel
from aiormq.exceptions import ChannelPreconditionFailed

from pombo_worker.delivery.destination_settings import RabbitmqDestination
from pombo_worker.delivery.rabbitmq.link import Link

QUEUE_ARGUMENTS = {"x-queue-type": "quorum"}
"""Neither more nor less: a client that declares the same queue must name the same."""

EXCHANGE_TYPE = "topic"


class Route(NamedTuple):
    """Where the events of one type go.

    Attributes:
        exchange: its name.
        queue: name of the queue.
        key: binding and routing key, the event's wire name.
    """

    exchange: str
    queue: str
    key: str


def route(destination: RabbitmqDestination, event_type: str) -> Route:
    """Return where an event of this wire name goes."""
    if destination.exchange is None:
        return own_route(destination.instance, event_type)
    prefix = f"{destination.prefix}." if destination.prefix else ""
    return Route(destination.exchange, f"{prefix}{event_type}", event_type)


def own_route(instance: str, event_type: str) -> Route:
    """Return where an event goes on an instance's own exchange."""
    return Route(instance, f"{instance}.{event_type}", event_type)


async def declare(link: Link, wanted: Route) -> None:
    """Declare exchange, queue and binding, once for each connection.

    What is there with other arguments was made so by whoever owns the broker: it is bound and used as it is.

    Raises:
        AMQPError: the broker refused, or was lost.
    """
    if wanted in link.declared:
        return
    if not await _declared(link, wanted):
        async with link.spare_channel() as channel:
            await channel.queue_bind(wanted.queue, wanted.exchange, wanted.key)
    link.declared.add(wanted)


async def _declared(link: Link, wanted: Route) -> bool:
    """Declare and bind; False when exchange or queue had other arguments, so that the binding is still to be made."""
    try:
        async with link.spare_channel() as channel:
            await _exchange(channel, wanted)
            await _queue(channel, wanted)
            await channel.queue_bind(wanted.queue, wanted.exchange, wanted.key)
    except ChannelPreconditionFailed:
        # The broker closed the channel with the refusal, so the queue may not have been asked for.
        try:
            async with link.spare_channel() as channel:
                await _queue(channel, wanted)
        except ChannelPreconditionFailed:
            pass
        return False
    return True


async def _exchange(channel: AbstractChannel, wanted: Route) -> None:
    await channel.exchange_declare(wanted.exchange, exchange_type=EXCHANGE_TYPE, durable=True)


async def _queue(channel: AbstractChannel, wanted: Route) -> None:
    await channel.queue_declare(wanted.queue, durable=True, arguments=dict(QUEUE_ARGUMENTS))
