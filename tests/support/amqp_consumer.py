"""A consumer of events as its owner would write it from the contract: plain `pika`, nothing of ours."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from tests.support.waiting import wait_until

DEADLINE = 30.0


class Message(NamedTuple):
    """What arrived."""

    body: dict[str, Any]
    properties: pika.BasicProperties


@contextlib.contextmanager
def channel(url: str) -> Iterator[BlockingChannel]:
    """Open a channel on a connection of its own."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        yield connection.channel()
    finally:
        with contextlib.suppress(AMQPError):
            connection.close()


def declare(url: str, exchange: str, queue: str, key: str) -> None:
    """Declare exchange, queue and binding as the contract has them; fails when they are there in another form."""
    with channel(url) as link:
        link.exchange_declare(exchange, exchange_type="topic", durable=True, auto_delete=False)
        link.queue_declare(
            queue, durable=True, auto_delete=False, exclusive=False, arguments={"x-queue-type": "quorum"}
        )
        link.queue_bind(queue, exchange, routing_key=key)


def take(url: str, queue: str, count: int) -> list[Message]:
    """Consume so many messages and acknowledge them, once the queue is there.

    Raises:
        TimeoutError: fewer came in time.
    """
    taken: list[Message] = []
    deadline = time.monotonic() + DEADLINE
    wait_until(lambda: exists(url, queue), seconds=DEADLINE, what=f"the queue {queue}")
    with channel(url) as link:
        link.basic_qos(prefetch_count=count)
        for method, properties, body in link.consume(queue, inactivity_timeout=0.2):
            if method is not None:
                taken.append(Message(msgspec.json.decode(body), properties))
                link.basic_ack(method.delivery_tag)
            if len(taken) == count:
                return taken
            if time.monotonic() > deadline:
                break
    raise TimeoutError(f"{len(taken)} of {count} messages came from {queue}")


def exists(url: str, queue: str) -> bool:
    """Tell whether a queue is there."""
    return _is_there(url, lambda link: link.queue_declare(queue, passive=True))


def exchange_exists(url: str, exchange: str) -> bool:
    """Tell whether an exchange is there."""
    return _is_there(url, lambda link: link.exchange_declare(exchange, passive=True))


def delete_queue(url: str, queue: str) -> None:
    """Delete a queue."""
    with channel(url) as link:
        link.queue_delete(queue)


def delete_exchange(url: str, exchange: str) -> None:
    """Delete an exchange."""
    with channel(url) as link:
        link.exchange_delete(exchange)


def _is_there(url: str, ask: Callable[[BlockingChannel], object]) -> bool:
    """Tell whether a passive declaration succeeds; one that does not closes its channel."""
    with channel(url) as link:
        try:
            ask(link)
        except AMQPError:
            return False
        return True
