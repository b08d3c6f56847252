"""A dispatcher of deliveries to receivers that hang or are well, as their addresses say."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest

from pombo_common.ports.records import StoredInstance
from pombo_worker.delivery import turn
from pombo_worker.delivery.destination_settings import WebhookDestination
from pombo_worker.delivery.dispatcher import Dispatcher
from pombo_worker.delivery.retry import RetrySchedule
from pombo_worker.delivery.sink import Delivery, Outcome
from tests.support.waiting import eventually
from tests.unit.worker.receiver import Delivering, wakeup_of

LATER = RetrySchedule(attempts=3, first_delay=25.0, last_delay=25.0, backoff=False, jitter=0.0)
"""Nothing is tried again while a test looks, unless the test says so; longer waits would make an event step aside."""


class Addresses:
    """A webhook sink without a network, which counts what is under way to each address, host and host name.

    Attributes:
        ill: who has one of these in its address hangs, until all are told, and fails then.
        told: lets them fail.
        final: every sending fails at once and for good.
    """

    batch = 1

    def __init__(self) -> None:
        self.ill: tuple[str, ...] = ("hang",)
        self.told = asyncio.Event()
        self.final = False
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.arrived: Counter[str] = Counter()
        self.failed: list[str] = []

    @property
    def hanging(self) -> int:
        """Sendings that hang now."""
        return sum(count for url, count in self.under_way.items() if "//" in url and self._is_ill(url))

    def host(self, destination: WebhookDestination, /) -> str:
        """Return host and port."""
        return urlsplit(destination.url).netloc

    async def send(
        self, destination: WebhookDestination, _: str, deliveries: Sequence[Delivery], /
    ) -> Sequence[Outcome]:
        """Send."""
        url, host = destination.url, self.host(destination)
        keys = {url, host, host.partition(":")[0]}
        self.under_way.update(keys)
        for key in keys:
            self.most[key] = max(self.most[key], self.under_way[key])
        ill = self._is_ill(url) and not self.final
        try:
            if ill:
                await self.told.wait()
        finally:
            self.under_way.subtract(keys)
        if ill or self.final:
            self.failed.append(url)
            return [Outcome(ok=False, why="no answer", final=self.final)] * len(deliveries)
        self.arrived[url] += len(deliveries)
        return [Outcome(ok=True)] * len(deliveries)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _is_ill(self, url: str) -> bool:
        return any(part in url for part in self.ill)


class Scene:
    """A dispatcher of deliveries to such addresses."""

    def __init__(self, delivering: Delivering) -> None:
        self.sink = Addresses()
        self.deliverer = delivering.another(sinks={"webhook": self.sink}, schedule=LATER)
        self.dispatcher = Dispatcher(delivering.world.store, self.deliverer, 3600.0)
        self.delivering = delivering

    async def instance(self, name: str, url: str) -> StoredInstance:
        """Create an instance with a webhook there."""
        return await self.delivering.world.create(name, url=url)

    async def event(self, stored: StoredInstance) -> None:
        """Log an event, and wake its delivery."""
        await self.delivering.append(stored, "call")
        await self.dispatcher.wake(wakeup_of(stored))

    async def hang(self, count: int, url: str) -> list[StoredInstance]:
        """Let so many instances have an event for receivers that hang; `{}` in their address is a number."""
        made = [await self.instance(f"hung{number}", url.format(number)) for number in range(count)]
        for stored in made:
            await self.event(stored)
        return made

    async def arrives(self, url: str, *, seconds: float = 30.0) -> None:
        """Wait until an event has arrived there."""
        await eventually(lambda: self.sink.arrived[url] > 0, seconds=seconds, what=f"an event at {url}")

    def bound(self, monkeypatch: pytest.MonkeyPatch, **places: int) -> None:
        """Bound the places before anything has happened."""
        for name, count in places.items():
            monkeypatch.setattr(turn, name, count)
        self.dispatcher._places = turn.Places()  # noqa: SLF001 - its bounds were read when it was made

    async def fail_and_come_again(self, hung: Sequence[StoredInstance], then: tuple[str, ...] = ("hang",)) -> None:
        """Let those who hang fail after long, and their next tries be made, of which those to `then` hang again."""
        began = time.monotonic()
        await eventually(lambda: time.monotonic() > began + 2 * turn.LONG_SECONDS, what="a long while")
        self.sink.told.set()
        timers = self.dispatcher._timers  # noqa: SLF001 - the test is the clock
        await eventually(lambda: len(timers) == len(hung), what="all arranged again")
        self.sink.told.clear()
        self.sink.ill = then
        self.delivering.world.clock.advance(LATER.first_delay + 1)
        for stored in hung:
            timers[wakeup_of(stored)].cancel()
            self.dispatcher._due(wakeup_of(stored))  # noqa: SLF001
