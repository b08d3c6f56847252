"""Handling of one command: run the handler, then settle the message as it decided."""

import asyncio
import contextlib
import logging

from aio_pika import Message
from aio_pika.abc import AbstractIncomingMessage

from pombo_common.adapters.rabbitmq.consuming import quietly
from pombo_common.adapters.rabbitmq.direct_replies import DIRECT_PREFIX, DirectReplies
from pombo_common.adapters.rabbitmq.link import was_cancelled
from pombo_common.adapters.rabbitmq.messages import (
    attempts_of,
    given_up,
    not_after_of,
    reply_to,
    request_of,
    sent_on,
)
from pombo_common.adapters.rabbitmq.publisher import Publisher, Unroutable
from pombo_common.adapters.rabbitmq.topology import Queue, Topology
from pombo_common.adapters.redelivery import DELIVERY_LIMIT, pause_before_redelivery
from pombo_common.ports.bus import Again, BusUnavailable, Disposition, Done, Handler, Later, PassOn, Unreadable

log = logging.getLogger(__name__)


class CommandHandling:
    """Publishes what follows from a command before it acknowledges the command, so that a kill repeats, never loses."""

    def __init__(
        self,
        handler: Handler,
        publisher: Publisher,
        direct_replies: DirectReplies,
        topology: Topology,
        stopping: asyncio.Event,
    ) -> None:
        """Take the parts.

        Args:
            handler: the worker's.
            publisher: for replies, other workers and dead letters.
            direct_replies: for replies to the broker's own reply addresses.
            topology: names.
            stopping: ends the pauses when set.
        """
        self._handler = handler
        self._publisher = publisher
        self._direct_replies = direct_replies
        self._topology = topology
        self._stopping = stopping

    async def shared(self, message: AbstractIncomingMessage) -> None:
        """Handle a command from the shared queue."""
        await self._handle(message, addressed=False)

    async def addressed(self, message: AbstractIncomingMessage) -> None:
        """Handle a command from this worker's own queue."""
        await self._handle(message, addressed=True)

    async def _handle(self, message: AbstractIncomingMessage, *, addressed: bool) -> None:
        not_after = not_after_of(message)
        try:
            disposition = await self._handler(request_of(message, addressed=addressed))
        except asyncio.CancelledError:
            if was_cancelled():
                raise
            disposition = Again()
        except Exception:
            log.exception("the handler of a command failed; it is put back")
            disposition = Again()
        if await self._carried_out(message, disposition, not_after) or await self._put_back(message, not_after):
            await quietly(message.ack())
        else:
            await quietly(message.nack(requeue=True))

    async def _carried_out(self, message: AbstractIncomingMessage, disposition: Disposition, not_after: int) -> bool:
        """Publish what the handler decided; False when the command has to come again."""
        try:
            return await self._publish(message, disposition, not_after)
        except Unroutable:
            log.debug("a command's next queue does not exist; it is put back")
        except BusUnavailable:
            log.debug("nothing can be published; a command is put back")
        except Exception:
            log.exception("what followed from a command could not be published; it is put back")
        return False

    async def _publish(self, message: AbstractIncomingMessage, disposition: Disposition, not_after: int) -> bool:
        attempts = attempts_of(message)
        match disposition:
            case Done(reply):
                await self._reply(message, reply)
            case Later():
                # Its time ends all the same, so it need not be given up for its tries.
                await self._send_on(self._topology.waiting, sent_on(message, not_after, attempts=0))
            case _ if attempts >= DELIVERY_LIMIT:
                await self._give_up(message, "delivery limit")
            case Unreadable(reason):
                await self._give_up(message, reason)
            case PassOn(worker):
                copy = sent_on(message, not_after, attempts=attempts + 1)
                await self._send_on(self._topology.worker(worker), copy)
            case Again():
                return False
        return True

    async def _reply(self, message: AbstractIncomingMessage, reply: bytes) -> None:
        address = message.reply_to
        if not address:
            return
        if address.startswith(DIRECT_PREFIX):
            await self._direct_replies.send(address, reply_to(message, reply))
            return
        try:
            await self._publisher.publish("", address, reply_to(message, reply))
        except Unroutable:
            log.debug("nobody waits for a reply any more; it is dropped")

    async def _give_up(self, message: AbstractIncomingMessage, reason: str) -> None:
        await self._publisher.publish(self._topology.dead.name, "", given_up(message, reason))

    async def _send_on(self, queue: Queue, copy: Message) -> None:
        await self._publisher.publish("", queue.name, copy)

    async def _put_back(self, message: AbstractIncomingMessage, not_after: int) -> bool:
        """After a pause put a copy behind the others, which says when its time ends; False when that cannot be done."""
        attempts = attempts_of(message)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_before_redelivery(attempts)):
                await self._stopping.wait()
        try:
            await self._send_on(self._topology.commands, sent_on(message, not_after, attempts=attempts + 1))
        except (Unroutable, BusUnavailable):
            return False
        except Exception:
            log.exception("a command could not be put back; the broker delivers it again")
            return False
        return True
