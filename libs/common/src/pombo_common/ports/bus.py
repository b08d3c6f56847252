"""The Bus port: carries commands and their replies, and wake-ups for deliveries. Nothing rests on it for good.

Commands go to a queue that all workers share; a worker passes one on to another worker's own queue. A command is
handled at least once: it is put back when the worker that had it goes away before it was settled.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

DEFAULT_LIFE_SECONDS = 60.0
"""What a command has that names no deadline, from when a worker first gets it."""


class BusUnavailable(Exception):  # noqa: N818 - reads as the state it names
    """The Bus does not take the message; when raised by `call`, whether it was taken is not known."""


class BusRefused(BusUnavailable):
    """The Bus answers, and will not serve this user however long it is asked; the message says why, to people."""


class BusForbidden(BusRefused):
    """It lets the user in, who lacks a right."""


class NoReply(Exception):  # noqa: N818 - reads as the state it names
    """The message was taken, and no reply came in time."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A command as a worker gets it.

    Attributes:
        body: JSON of a command.
        expires_in: seconds that are left of what its sender gave it (an AMQP `expiration`), or of the default once it
            has come again, below 0 once they are over; None at first when the sender named none.
        answerable: a reply is wanted.
        addressed: it came through this worker's own queue.
    """

    body: bytes
    expires_in: float | None = None
    answerable: bool = True
    addressed: bool = False


class Done(msgspec.Struct, frozen=True):
    """Handled: send the reply, then acknowledge."""

    reply: bytes


class PassOn(msgspec.Struct, frozen=True):
    """Another worker owns the session: publish to its queue, then acknowledge."""

    worker: str


class Again(msgspec.Struct, frozen=True):
    """Not possible now (the Store is away): put it back."""


class Later(msgspec.Struct, frozen=True):
    """Not its turn yet: bring it again in a moment. It takes no place meanwhile, and this is not held against it."""


class Unreadable(msgspec.Struct, frozen=True):
    """Goes to the dead letters with the reason."""

    reason: str


Disposition = Done | PassOn | Again | Later | Unreadable
Handler = Callable[[Request], Awaitable[Disposition]]


class Wakeup(msgspec.Struct, frozen=True, rename="camel"):
    """A destination has events due: on its line, or aside."""

    name: str
    instance_id: str
    destination: str
    aside: bool = False


class Serving(Protocol):
    """A running consumer."""

    async def stop(self) -> None:
        """Take no more; wait for the handlers that run; then let go."""


class Bus(Protocol):
    """See the module; the contract suite in tests/contract says the rest."""

    async def open(self) -> None:
        """Connect and declare what is needed.

        Raises:
            BusRefused: it lets this user not in, or not do what Pombo does.
            BusUnavailable: when it cannot be reached.
        """

    async def close(self) -> None:
        """Let go of all connections."""

    async def ping(self) -> None:
        """Readiness probe.

        Raises:
            BusUnavailable: while messages cannot be published.
        """

    async def call(self, body: bytes, *, command_id: str, seconds: float) -> bytes:
        """Publish a command to the shared queue and wait for its reply.

        Raises:
            BusUnavailable: it was not taken, or that is not known.
            NoReply: it was taken and no reply came within so many seconds.
        """

    async def serve(self, worker: str, handler: Handler, *, prefetch: int) -> Serving:
        """Handle commands from the shared queue and from this worker's own, `prefetch` at a time at most."""

    async def wake(self, wakeup: Wakeup) -> None:
        """Tell one of the workers that a destination has events due; best effort, a sweep finds what is missed."""

    async def hear(self, handler: Callable[[Wakeup], Awaitable[None]]) -> Serving:
        """Get wake-ups; each goes to one listener."""
