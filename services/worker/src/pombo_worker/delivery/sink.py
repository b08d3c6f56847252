"""What every sink is to the deliveries: something that takes a few events and says what became of each."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec

from pombo_common.model.events import EventBody, LoggedEvent
from pombo_worker.delivery.destination_settings import Destination

SHOWN_BYTES = 2048
"""As much of a reason, or of a receiver's answer, is kept."""

D_contra = TypeVar("D_contra", bound=Destination, contravariant=True)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one destination.

    Attributes:
        event: what the log holds.
        body: its opened body.
        prev: seq of the event that was due to this destination before.
        attempt: which try this is, from 1.
        resend: how often a person had sent it again, 0 for the first time through.
    """

    event: LoggedEvent
    body: EventBody
    prev: int
    attempt: int
    resend: int = 0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one try.

    Attributes:
        ok: the receiver has it.
        status: the receiver's number, where it has one (an HTTP status); None when there was no answer.
        why: for people, without secrets, at most SHOWN_BYTES; empty when ok.
        response: what the receiver answered, at most SHOWN_BYTES.
        retry_after: seconds that the receiver asked for; they only ever lengthen the wait.
        final: no further try: it goes to the dead letters at once.
        disable: the receiver is gone for good: the destination is switched off.
        away: the whole sink cannot be reached, whatever the event: the line waits for it, and the try does not count.
    """

    ok: bool
    status: int | None = None
    why: str = ""
    response: str = ""
    retry_after: float | None = None
    final: bool = False
    disable: bool = False
    away: bool = False


class Sink(Protocol[D_contra]):
    """Takes deliveries to destinations of one kind.

    Attributes:
        batch: how many deliveries one `send` takes at most.
    """

    batch: int

    async def send(
        self, destination: D_contra, instance_id: str, deliveries: Sequence[Delivery], /
    ) -> Sequence[Outcome]:
        """Send these in their order; returns one outcome for each. Never raises for what a receiver does."""

    def host(self, destination: D_contra, /) -> str:
        """Return name and port, as in `name:port`, of the host that these deliveries burden; both are bounded."""

    async def close(self) -> None:
        """Let go of all connections."""
