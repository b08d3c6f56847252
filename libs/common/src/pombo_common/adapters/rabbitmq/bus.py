"""The Bus on RabbitMQ: one connection to publish and one to consume, both made at once and kept up for ever."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aio_pika import Message

from pombo_common.adapters.rabbitmq.commands import CommandHandling
from pombo_common.adapters.rabbitmq.consuming import Consuming
from pombo_common.adapters.rabbitmq.direct_replies import DirectReplies
from pombo_common.adapters.rabbitmq.link import Link, broker_errors
from pombo_common.adapters.rabbitmq.messages import outgoing
from pombo_common.adapters.rabbitmq.publisher import PUBLISH_SECONDS, Publisher, Unroutable
from pombo_common.adapters.rabbitmq.replies import Replies
from pombo_common.adapters.rabbitmq.topology import COMMAND_KEY, Topology
from pombo_common.adapters.rabbitmq.wakeups import WakeupHandling
from pombo_common.ports.bus import BusUnavailable, Handler, NoReply, Serving, Wakeup

_DECLARE_SECONDS = 15.0
_PROBE_SECONDS = 2.0
_PROBE_KEY = "probe"
_WAKEUPS_AT_ONCE = 100


class RabbitMqBus:
    """See docs/ports.md for what each method does in the broker."""

    def __init__(self, url: str, *, heartbeat: int = 10, prefix: str = "pombo", grace: float = 30.0) -> None:
        """Nothing is connected before `open`.

        Args:
            url: AMQP URL of the broker.
            heartbeat: seconds; a connection that is silent for about three of them is given up.
            prefix: begins the name of every exchange and queue.
            grace: seconds that `Serving.stop` gives to handlers that run.
        """
        self._topology = Topology(prefix)
        self._publishing = Link(url, name=f"{prefix} publisher", heartbeat=heartbeat)
        self._consuming = Link(url, name=f"{prefix} consumer", heartbeat=heartbeat)
        self._publisher = Publisher(self._publishing, self._topology)
        self._direct_replies = DirectReplies(Link(url, name=f"{prefix} direct replies", heartbeat=heartbeat))
        self._replies = Replies(self._consuming, self._topology)
        self._serving: list[Consuming] = []
        self._grace = grace

    async def open(self) -> None:
        """See `Bus`. From then on both connections come back by themselves."""
        try:
            await self._publishing.open()
            await self._consuming.open()
            async with broker_errors(_DECLARE_SECONDS):
                await self._publisher.open()
                await self._replies.open()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """See `Bus`; callers that still wait get BusUnavailable."""
        for serving in self._serving:
            await serving.stop()
        self._serving.clear()
        self._replies.close()
        self._publisher.close()
        await self._direct_replies.close()
        await self._consuming.close()
        await self._publishing.close()

    async def ping(self) -> None:
        """See `Bus`: the broker confirms a message that nobody gets."""
        probe = outgoing(b"{}", persistent=False)
        await self._publisher.publish(
            self._topology.bus.name, _PROBE_KEY, probe, seconds=_PROBE_SECONDS, mandatory=False
        )

    async def call(self, body: bytes, *, command_id: str, seconds: float) -> bytes:
        """See `Bus`."""
        deadline = asyncio.get_running_loop().time() + seconds
        correlation_id = str(uuid.uuid4())
        reply = self._replies.expect(correlation_id)
        command = outgoing(body, message_id=command_id, correlation_id=correlation_id, reply_to=self._replies.address)
        publishing = asyncio.create_task(self._publish_command(command, min(PUBLISH_SECONDS, seconds)))
        try:
            # A reply can come before the confirmation, and the end of the Bus comes as a failed reply.
            racing: list[asyncio.Future[Any]] = [publishing, reply]
            await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
            if not reply.done():
                await publishing
            async with asyncio.timeout_at(deadline):
                return await reply
        except TimeoutError:
            raise NoReply(f"no reply to command {command_id} in time") from None
        finally:
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
            self._replies.forget(correlation_id)

    async def _publish_command(self, command: Message, seconds: float) -> None:
        try:
            await self._publisher.publish(self._topology.bus.name, COMMAND_KEY, command, seconds=seconds)
        except Unroutable:
            raise BusUnavailable("the shared queue of commands does not exist") from None

    async def serve(self, worker: str, handler: Handler, *, prefetch: int) -> Serving:
        """See `Bus`.

        Raises:
            BusUnavailable: the broker is away or refuses the declarations.
        """
        async with self._consumers(prefetch) as consuming:
            handling = CommandHandling(
                handler, self._publisher, self._direct_replies, self._topology, consuming.stopping
            )
            await self._topology.declare(consuming.channel)
            for queue, handle in (
                (self._topology.worker(worker), handling.addressed),
                (self._topology.commands, handling.shared),
            ):
                await consuming.consume(await queue.declare(consuming.channel), handle)
        return consuming

    async def wake(self, wakeup: Wakeup) -> None:
        """See `Bus`.

        Raises:
            BusUnavailable: not taken within two seconds.
        """
        message = outgoing(msgspec.json.encode(wakeup), persistent=False)
        try:
            await self._publisher.publish("", self._topology.wakeups.name, message, seconds=_PROBE_SECONDS)
        except Unroutable:
            raise BusUnavailable("the queue of wake-ups does not exist") from None

    async def hear(self, handler: Callable[[Wakeup], Awaitable[None]]) -> Serving:
        """See `Bus`.

        Raises:
            BusUnavailable: the broker is away or refuses the declarations.
        """
        async with self._consumers(_WAKEUPS_AT_ONCE) as consuming:
            queue = await self._topology.wakeups.declare(consuming.channel)
            await consuming.consume(queue, WakeupHandling(handler).heard)
        return consuming

    @asynccontextmanager
    async def _consumers(self, limit: int) -> AsyncIterator[Consuming]:
        """Open a channel to set consumers up on. When that fails none may stay: the channel would come back."""
        async with broker_errors(_DECLARE_SECONDS):
            channel = await self._consuming.channel()
            consuming = Consuming(channel, limit=limit, grace=self._grace)
            try:
                await channel.set_qos(prefetch_count=limit)
                yield consuming
            except BaseException:
                await consuming.stop()
                raise
        self._serving.append(consuming)
