"""Publishes events, confirmed, many at a time, to exchanges and queues that it declares itself."""

import asyncio
from collections.abc import Mapping, Sequence

from aiormq import spec
from aiormq.abc import AbstractChannel
from aiormq.exceptions import AMQPConnectionError, AMQPError, ChannelNotFoundEntity, DeliveryError, PublishError

from pombo_common.adapters.rabbitmq.link import was_cancelled
from pombo_worker.delivery.destination_settings import RabbitmqDestination
from pombo_worker.delivery.rabbitmq.link import Broker, BrokerAway, Link
from pombo_worker.delivery.rabbitmq.message import body_of, properties_of
from pombo_worker.delivery.rabbitmq.topology import Route, declare, route
from pombo_worker.delivery.sink import Delivery, Outcome

SEND_SECONDS = 10.0
TRIES = 2
"""The second one follows a new declaration, when queue or exchange turned out to be gone."""

AT_ONCE = 100

LOST = "the connection to the broker was lost"

_DONE = Outcome(ok=True)
_UNCONFIRMED = Outcome(ok=False, why="the exchange is deleted again and again")


class RabbitmqSink:
    """See `Sink`; one connection for all destinations of a worker."""

    batch = AT_ONCE

    def __init__(self, broker: Broker, *, server_url: str, seconds: float = SEND_SECONDS) -> None:
        """Publish there.

        Args:
            broker: connects when it is first needed.
            server_url: public address for the envelope; empty leaves the member out.
            seconds: one `send`, from the connection to the last confirmation.
        """
        self._broker = broker
        self._server_url = server_url
        self._seconds = seconds

    async def close(self) -> None:
        """Disconnect."""
        await self._broker.close()

    def host(self, _: RabbitmqDestination, /) -> str:
        """Return host and port of the broker."""
        return self._broker.host

    async def send(
        self, destination: RabbitmqDestination, instance_id: str, deliveries: Sequence[Delivery], /
    ) -> Sequence[Outcome]:
        """Publish these, in their order, all under way at the same time."""
        sending = _Sending(destination, instance_id, deliveries, self._server_url)
        try:
            async with asyncio.timeout(self._seconds):
                for _ in range(TRIES):
                    if sending.open:
                        await sending.attempt(await self._broker.link())
        except BrokerAway as error:
            sending.fail(str(error), away=True)
        except TimeoutError:
            # Frozen, or out of memory or disk: no other message would fare better.
            sending.fail("the broker did not confirm in time", away=True)
        except asyncio.CancelledError:
            # The library raises it, too, out of what hangs on a connection that it gives up.
            if was_cancelled():
                raise
            sending.fail(LOST, away=True)
        except (AMQPError, OSError, RuntimeError) as error:
            sending.fail(_reason(error), away=isinstance(error, AMQPConnectionError))
        return [outcome or _UNCONFIRMED for outcome in sending.outcomes]


class _Sending:
    """One `send`: what is confirmed, and what is left to be tried."""

    def __init__(
        self, destination: RabbitmqDestination, instance_id: str, deliveries: Sequence[Delivery], server_url: str
    ) -> None:
        self.outcomes: list[Outcome | None] = [None] * len(deliveries)
        self.open = list(range(len(deliveries)))
        self._messages: list[tuple[Route, bytes, spec.Basic.Properties]] = [
            (
                route(destination, delivery.event.type),
                body_of(destination, delivery, server_url),
                properties_of(destination, instance_id, delivery),
            )
            for delivery in deliveries
        ]

    def fail(self, why: str, *, away: bool = False) -> None:
        """Let all that is not confirmed fail for one reason; what was confirmed or refused keeps its outcome."""
        for at in self.open:
            if self.outcomes[at] is not _DONE:
                self.outcomes[at] = Outcome(ok=False, why=why, away=away)
        self.open = []

    async def attempt(self, link: Link) -> None:
        """Declare what is not declared, publish what is open, and keep open what wants another declaration."""
        for wanted in dict.fromkeys(self._messages[at][0] for at in self.open):
            await declare(link, wanted)
        async with link.channel() as channel:
            if len(self.open) > 1 and not await self._exchanges_stand(channel):
                link.declared.difference_update(self._messages[at][0] for at in self.open)
                return
            answers = await asyncio.gather(*(self._publish(channel, at) for at in self.open), return_exceptions=True)
        again = []
        for at, error in zip(self.open, answers, strict=True):
            wanted = self._messages[at][0]
            if isinstance(error, PublishError | ChannelNotFoundEntity):
                link.declared.discard(wanted)
                self.outcomes[at] = Outcome(ok=False, why=f"the queue {wanted.queue} is not there")
                again.append(at)
            elif error is not None:
                lost = isinstance(error, AMQPConnectionError | asyncio.CancelledError)
                self.outcomes[at] = Outcome(ok=False, why=_reason(error), away=lost)
        self.open = again

    async def _exchanges_stand(self, channel: AbstractChannel) -> bool:
        """Ask for the exchanges first.

        A publish to one that is gone makes the broker close the channel; what is published right after that, before the
        client library has noticed, would cost the whole connection.
        """
        try:
            for exchange in dict.fromkeys(self._messages[at][0].exchange for at in self.open):
                await channel.exchange_declare(exchange, passive=True)
        except ChannelNotFoundEntity:
            return False
        return True

    async def _publish(self, channel: AbstractChannel, at: int) -> None:
        wanted, body, properties = self._messages[at]
        await channel.basic_publish(
            body, exchange=wanted.exchange, routing_key=wanted.key, properties=properties, mandatory=True
        )
        self.outcomes[at] = _DONE


REASONS: Mapping[type[BaseException], str] = {
    DeliveryError: "the broker did not take the message (its queue may be full)",
    AMQPConnectionError: LOST,
    asyncio.CancelledError: LOST,
}


def _reason(error: BaseException) -> str:
    for kind, text in REASONS.items():
        if isinstance(error, kind):
            return text
    # The class alone: the library's messages can hold the address.
    return f"the broker refused ({type(error).__name__})"
