"""Exchanges and queues as values, and their declaration.

RabbitMQ refuses to declare a queue again with other arguments (406): whoever changes arguments here must change the
queue's name too. Kind and delivery limit are said of each queue, since their defaults are the virtual host's, or differ
between RabbitMQ 3 (no limit) and 4 (20).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractQueue, ExchangeType

from pombo_common.adapters.redelivery import DELIVERY_LIMIT, LATER_SECONDS

COMMAND_KEY = "command"
"""The routing key of commands on the exchange."""

_SECOND = 1_000
_WORKER_MESSAGE_TTL = 10 * _SECOND
_WORKER_QUEUE_EXPIRES = 3_600 * _SECOND
_REPLY_QUEUE_EXPIRES = 60 * _SECOND
_WAKEUP_TTL = 60 * _SECOND
_WAKEUPS_KEPT = 100_000
_LOOKED_AT_OFTEN = 1_000_000
"""A delivery limit that nobody reaches who takes a message and puts it back; 3.10 has no number for "none"."""

_CLASSIC: Mapping[str, str] = {"x-queue-type": "classic"}

# At-least-once dead-lettering exists in quorum queues only, and only with this overflow behaviour: the queue keeps a
# dead letter until the queues behind its exchange have confirmed it.
_AT_LEAST_ONCE: Mapping[str, str] = {
    "x-queue-type": "quorum",
    "x-overflow": "reject-publish",
    "x-dead-letter-strategy": "at-least-once",
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange."""

    name: str
    kind: ExchangeType

    async def declare(self, channel: AbstractChannel) -> AbstractExchange:
        """Declare it on a channel."""
        return await channel.declare_exchange(self.name, self.kind, durable=True)


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue.

    Attributes:
        name: its name.
        arguments: what it is declared with; times in milliseconds.
        exchange: name of the exchange it is bound to, None for the default exchange alone.
        key: the routing key of that binding.
    """

    name: str
    arguments: Mapping[str, str | int] = field(default_factory=dict)
    exchange: str | None = None
    key: str = ""

    async def declare(self, channel: AbstractChannel) -> AbstractQueue:
        """Declare and bind it on a channel; a robust channel does so again after a reconnect."""
        queue = await channel.declare_queue(self.name, durable=True, arguments=dict(self.arguments))
        if self.exchange is not None:
            await queue.bind(self.exchange, self.key)
        return queue


@dataclass(frozen=True, slots=True)
class Topology:
    """All names begin with one prefix, so that several systems can share a broker."""

    prefix: str = "pombo"

    @property
    def bus(self) -> Exchange:
        """Where commands are published."""
        return Exchange(f"{self.prefix}.bus", ExchangeType.DIRECT)

    @property
    def dead(self) -> Exchange:
        """Where given-up commands go, whatever their routing key was."""
        return Exchange(f"{self.prefix}.dead", ExchangeType.FANOUT)

    @property
    def commands(self) -> Queue:
        """The queue that all workers share."""
        return Queue(
            f"{self.prefix}.commands",
            {**_AT_LEAST_ONCE, "x-delivery-limit": DELIVERY_LIMIT, "x-dead-letter-exchange": self.dead.name},
            self.bus.name,
            COMMAND_KEY,
        )

    @property
    def dead_letters(self) -> Queue:
        """Given-up commands, for a person to look at."""
        return Queue(
            f"{self.prefix}.dead-letters",
            {"x-queue-type": "quorum", "x-delivery-limit": _LOOKED_AT_OFTEN},
            self.dead.name,
        )

    @property
    def waiting(self) -> Queue:
        """Commands whose turn has not come: each goes back to the shared queue after the same short time."""
        return Queue(
            f"{self.prefix}.waiting",
            {
                **_AT_LEAST_ONCE,
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-message-ttl": int(LATER_SECONDS * _SECOND),
                "x-dead-letter-exchange": self.bus.name,
                "x-dead-letter-routing-key": COMMAND_KEY,
            },
        )

    @property
    def wakeups(self) -> Queue:
        """Wake-ups for deliveries; classic, since losing them costs only time."""
        return Queue(
            f"{self.prefix}.wakeups", {**_CLASSIC, "x-message-ttl": _WAKEUP_TTL, "x-max-length": _WAKEUPS_KEPT}
        )

    def worker(self, worker: str) -> Queue:
        """One worker's own queue. What it does not take within 10 s goes back to the shared queue."""
        return Queue(
            f"{self.prefix}.worker.{worker}",
            {
                **_AT_LEAST_ONCE,
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-message-ttl": _WORKER_MESSAGE_TTL,
                "x-expires": _WORKER_QUEUE_EXPIRES,
                "x-dead-letter-exchange": self.bus.name,
                "x-dead-letter-routing-key": COMMAND_KEY,
            },
        )

    def replies(self, caller: str) -> Queue:
        """One caller's queue for replies. Not exclusive: a new connection must not find it locked by the dead one."""
        return Queue(f"{self.prefix}.replies.{caller}", {**_CLASSIC, "x-expires": _REPLY_QUEUE_EXPIRES})

    async def declare(self, channel: AbstractChannel) -> dict[str, AbstractExchange]:
        """Declare all that is shared; returns the exchanges by name."""
        exchanges = {exchange.name: await exchange.declare(channel) for exchange in (self.bus, self.dead)}
        for queue in (self.dead_letters, self.commands, self.waiting, self.wakeups):
            await queue.declare(channel)
        return exchanges
