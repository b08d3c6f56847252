"""A contact that writes many texts while the other side dies, and the check that none was lost or doubled."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

import httpx

from tests.support.phones import Phones
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

SEND_SECONDS = 60.0
ARRIVE_SECONDS = 90.0


class TextStream:
    """Texts from one contact to one account.

    Args:
        phones: the contact among them.
        sender: the contact's number.
        to: the account's number.

    Attributes:
        sent: ids of the messages that the simulator took. One whose answer was cut off is not here; it may arrive.
    """

    def __init__(self, phones: Phones, sender: str, to: str) -> None:
        self.sent: list[str] = []
        self._phones = phones
        self._sender = sender
        self._to = to

    async def send(self, count: int) -> None:
        """Send so many texts one after the other; one that is cut off is sent anew once the simulator is back."""
        for number in range(count):
            self.sent.append(await self._send(f"text {number}"))

    async def during(self, count: int, after: int, harm: Callable[[], Awaitable[None]]) -> None:
        """Send so many texts, and do harm when `after` of them were taken."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self.send(count))
            await self.taken(after)
            await harm()

    async def taken(self, count: int) -> None:
        """Wait until so many texts were taken in all."""
        await eventually(lambda: len(self.sent) >= count, seconds=SEND_SECONDS, what=f"{count} texts sent")

    async def more(self, count: int) -> None:
        """Wait until so many more texts were taken than now."""
        await self.taken(len(self.sent) + count)

    async def arrived(self, receiver: WebhookReceiver, name: str) -> int:
        """Wait for all that was taken, check that no text has two events; returns how many deliveries were repeats.

        Raises:
            TimeoutError: a text was lost.
        """
        await eventually(
            lambda: set(self.sent) <= _events(receiver, name).keys(),
            seconds=ARRIVE_SECONDS,
            what=f"all {len(self.sent)} texts at the webhook",
        )
        doubled = {text for text, events in _events(receiver, name).items() if len(events) > 1}
        assert not doubled, f"{len(doubled)} texts are in the log more than once"
        return len(receiver.of(name, "messages.upsert")) - len(receiver.first(name, "messages.upsert"))

    async def _send(self, text: str) -> str:
        async def attempt() -> str:
            try:
                return await self._phones.text(self._sender, self._to, text)
            except (httpx.TransportError, LookupError):
                return ""

        return await eventually(attempt, seconds=SEND_SECONDS, what="the simulator took a text")


def _events(receiver: WebhookReceiver, name: str) -> dict[str, set[str]]:
    """Return the ids of the events of each message id."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for delivery in receiver.of(name, "messages.upsert"):
        found[delivery.data["key"]["id"]].add(delivery.id)
    return found
