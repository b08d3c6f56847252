"""Removes the exchange and the queues of a deleted instance once nobody uses them."""

import asyncio
from collections.abc import Awaitable, Callable

from aiormq.exceptions import AMQPError, ChannelNotFoundEntity, ChannelPreconditionFailed

from pombo_common.adapters.rabbitmq.link import was_cancelled
from pombo_common.model.events import EVENT_NAMES
from pombo_worker.delivery.rabbitmq.link import Broker, BrokerAway, Link
from pombo_worker.delivery.rabbitmq.topology import Route, own_route

CLEAR_SECONDS = 30.0


class RabbitmqCleaner:
    """See `Cleaner`."""

    def __init__(self, broker: Broker, kept_seconds: float) -> None:
        """Clean there; the broker is shared with the sink."""
        self._broker = broker
        self.kept_seconds = kept_seconds

    async def clear(self, name: str, *, anyway: bool, free: Callable[[], Awaitable[bool]]) -> bool:
        """See `Cleaner`."""
        try:
            async with asyncio.timeout(CLEAR_SECONDS):
                return await self._clear(await self._broker.link(), name, anyway=anyway, free=free)
        except asyncio.CancelledError:
            if was_cancelled():
                raise
            return False
        except (BrokerAway, AMQPError, OSError, TimeoutError, RuntimeError):
            return False

    async def _clear(self, link: Link, name: str, *, anyway: bool, free: Callable[[], Awaitable[bool]]) -> bool:
        empty = True
        for event in EVENT_NAMES.values():
            wanted = own_route(name, event)
            used = await _used(link, wanted)
            if used and not anyway:
                empty = False
            elif used is not None:
                if not await free():
                    return False
                # Neither if_empty nor if_unused: on a quorum queue they cost the connection.
                async with link.spare_channel() as channel:
                    await channel.queue_delete(wanted.queue)
                link.declared.discard(wanted)
        return empty and await free() and await _without_exchange(link, name, anyway=anyway)


async def _used(link: Link, wanted: Route) -> bool | None:
    """Tell whether a queue holds messages or has a consumer; None: there is no such queue."""
    try:
        async with link.spare_channel() as channel:
            told = await channel.queue_declare(wanted.queue, passive=True)
    except ChannelNotFoundEntity:
        return None
    return bool(told.message_count or told.consumer_count)


async def _without_exchange(link: Link, name: str, *, anyway: bool) -> bool:
    """Delete the exchange; one to which somebody's own queues are bound stays unless `anyway`."""
    try:
        async with link.spare_channel() as channel:
            await channel.exchange_delete(name, if_unused=not anyway)
    except ChannelPreconditionFailed:
        return False
    except ChannelNotFoundEntity:
        pass
    return True
