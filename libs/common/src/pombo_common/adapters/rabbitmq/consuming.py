"""Consumers on one channel, the tasks that handle what they deliver, and how both end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aio_pika.abc import AbstractIncomingMessage, AbstractQueue, AbstractRobustChannel

from pombo_common.adapters.rabbitmq.link import broker_errors
from pombo_common.ports.bus import BusUnavailable

SETTLE_SECONDS = 5.0
"""The longest that an acknowledgement or the end of a consumer may take; the broker delivers again what it misses."""

log = logging.getLogger(__name__)

Handling = Callable[[AbstractIncomingMessage], Awaitable[None]]


class Consuming:
    """What is delivered is handled in tasks of our own, at most `limit` at a time.

    The library's tasks are cancelled with their channel, but an effect that was begun should be finished and
    recorded even when its message can no longer be acknowledged.

    Attributes:
        channel: the channel it took over.
        stopping: set once `stop` was called.
    """

    def __init__(self, channel: AbstractRobustChannel, *, limit: int, grace: float) -> None:
        """Take over a channel.

        Args:
            channel: ours alone, its prefetch set.
            limit: handlers at a time, over all consumers and reconnects.
            grace: seconds that `stop` gives to handlers that run.
        """
        self.stopping = asyncio.Event()
        self.channel = channel
        self._slots = asyncio.Semaphore(limit)
        self._grace = grace
        self._consumers: list[tuple[AbstractQueue, str]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def consume(self, queue: AbstractQueue, handling: Handling) -> None:
        """Begin to take from a queue."""

        async def delivered(message: AbstractIncomingMessage) -> None:
            task = asyncio.create_task(self._handle(message, handling))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._consumers.append((queue, await queue.consume(delivered)))

    async def _handle(self, message: AbstractIncomingMessage, handling: Handling) -> None:
        async with self._slots:
            # What waited for a slot when the end came is left to the broker, who delivers it to somebody else.
            if not self.stopping.is_set():
                await handling(message)

    async def stop(self) -> None:
        """See `Serving`: what is not settled by then is delivered to somebody else."""
        if self.stopping.is_set():
            return
        self.stopping.set()
        for queue, tag in self._consumers:
            # Without a connection there is nothing to cancel, and the closed channel does not come back.
            if not self.channel.is_closed:
                await quietly(queue.cancel(tag))
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=self._grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await quietly(self.channel.close())


async def quietly(step: Awaitable[object]) -> None:
    """Do a step whose failure the broker makes good: it delivers again whatever was not acknowledged."""
    try:
        async with broker_errors(SETTLE_SECONDS):
            await step
    except BusUnavailable as error:
        log.debug("not settled, the broker will deliver it again: %s", error)
