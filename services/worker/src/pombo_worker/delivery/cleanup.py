"""Clears away what deleted instances left on RabbitMQ and SQS: queues and exchanges that nobody uses any more."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog

from pombo_common.ports.records import Footprint
from pombo_common.ports.store import Store
from pombo_worker.repeating import repeat

GIVEN_UP_MS = 3600 * 1000
"""A deletion that was announced so long ago, and did not happen, was given up."""

QUIET_MS = 60 * 1000
"""Longer than one sink's batch takes."""


class Cleaner(Protocol):
    """Clears away what one kind of sink has made for an instance.

    Attributes:
        kept_seconds: how long things stay that hold messages or have a consumer.
    """

    kept_seconds: float

    async def clear(self, name: str, *, anyway: bool, free: Callable[[], Awaitable[bool]]) -> bool:
        """Remove what is not in use.

        Args:
            name: the deleted instance's.
            anyway: remove what is in use, too.
            free: tells whether still no instance has the name; asked before each removal.

        Returns:
            Whether nothing is left. What the server does is never raised: it is tried again.
        """


class Cleanup:
    """Looks at the footprints again and again; many workers may do so at once."""

    def __init__(self, store: Store, cleaners: Mapping[str, Cleaner], seconds: float) -> None:
        """Clean with these.

        Args:
            store: remembers the footprints.
            cleaners: by the kind of sink.
            seconds: between two looks.
        """
        self._store = store
        self._cleaners = cleaners
        self._seconds = seconds
        self._quiet_since: dict[tuple[str, str], int] = {}

    async def run(self) -> None:
        """Look for ever, beginning now."""

        async def look() -> float:
            await self.sweep()
            return self._seconds

        await repeat("cleanup", look, retry=self._seconds)

    async def sweep(self) -> None:
        """Look once.

        Raises:
            StoreUnavailable: what was not looked at is next time.
        """
        footprints = await self._store.footprints()
        if not footprints:
            return
        due = {(log.instance_id, log.destination) for log in await self._store.due()}
        now = await self._store.now()
        for footprint in footprints:
            key = (footprint.instance_id, footprint.sink)
            if key in due:
                self._quiet_since.pop(key, None)
            elif await self._delivered(footprint, now) and await self._cleared(footprint, now):
                await self._store.drop_footprint(footprint)
                self._quiet_since.pop(key, None)

    async def _delivered(self, footprint: Footprint, now: int) -> bool:
        """Tell whether the sink has all events of the instance.

        Its log goes with the last event of its last destination. While it is there, what is being delivered just now is
        not due either, so that only time tells.
        """
        if not await self._store.events(footprint.name, footprint.instance_id, 0, 1):
            return True
        since = self._quiet_since.setdefault((footprint.instance_id, footprint.sink), now)
        return now - since > QUIET_MS

    async def _cleared(self, footprint: Footprint, now: int) -> bool:
        cleaner = self._cleaners.get(footprint.sink)
        if cleaner is None:
            return False
        stored = await self._store.instance(footprint.name)
        if stored is not None:
            if stored.instance.id == footprint.instance_id:
                return now - footprint.at > GIVEN_UP_MS
            # What the name's next instance uses itself, its own deletion announces.
            return (stored.instance.rabbitmq if footprint.sink == "rabbitmq" else stored.instance.sqs) is not None

        async def free() -> bool:
            return await self._store.instance(footprint.name) is None

        anyway = now - footprint.at > cleaner.kept_seconds * 1000
        done = await cleaner.clear(footprint.name, anyway=anyway, free=free)
        if done:
            structlog.get_logger().info("cleanup.done", instance=footprint.instance_id, sink=footprint.sink)
        return done
