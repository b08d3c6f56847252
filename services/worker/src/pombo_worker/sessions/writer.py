"""Writes of one session, under its epoch: state and event in one step, repeated while the Store is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from pombo_common.model.events import NewEvent
from pombo_common.model.instance import Live
from pombo_common.ports.changes import Applied, Change, Held, Verdict
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_worker.engines.port import Fenced
from pombo_worker.wakes import Wakes

T = TypeVar("T")

FIRST_PAUSE = 0.2
LAST_PAUSE = 2.0


class SessionWriter:
    """Applies the changes of one session and wakes what they make due."""

    def __init__(self, store: Store, wakes: Wakes, name: str, instance_id: str, held: Held) -> None:
        """Write for this instance, as the owner of this lease."""
        self._store = store
        self._wakes = wakes
        self.name = name
        self.instance_id = instance_id
        self.held = held

    async def state(self, live: Live, *events: NewEvent, forget: bool = False, creds: bytes | None = None) -> None:
        """Write a new live state and the events that say so.

        Raises:
            Fenced: the lease is not ours any more.
        """
        change = Change(
            instance_id=self.instance_id, held=self.held, live=live, events=events, forget=forget, creds=creds
        )
        await self._until_known(change, already=live)

    async def creds(self, sealed: bytes) -> None:
        """Write credentials alone.

        Raises:
            Fenced: the lease is not ours any more.
        """
        await self.apply(Change(instance_id=self.instance_id, held=self.held, creds=sealed))

    async def apply(self, change: Change) -> Applied:
        """Apply a change that may be repeated without harm.

        Raises:
            Fenced: the lease is not ours any more.
        """
        return await self._until_known(change, already=None)

    async def _until_known(self, change: Change, already: Live | None) -> Applied:
        """Repeat until the Store answers.

        A step whose answer was lost may have happened: the stored state tells, since state and event are one step.
        """
        away = _Away(self.instance_id)
        doubtful = False
        while True:
            try:
                if doubtful and already is not None and await self._stored(already):
                    return Applied(verdict=Verdict.APPLIED)
                applied = await self._store.apply(self.name, change)
            except StoreUnavailable:
                doubtful = True
                await away.pause()
                continue
            if applied.verdict in (Verdict.FENCED, Verdict.GONE):
                raise Fenced
            await self._wakes.wake_all(self.name, self.instance_id, applied.due)
            return applied

    async def stored(self) -> StoredInstance | None:
        """Return the instance as it is now; None when it is gone.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        stored = await self._store.instance(self.name)
        return stored if stored is not None and stored.instance.id == self.instance_id else None

    async def known(self, read: Callable[[], Awaitable[T]]) -> T:
        """Repeat a read that the session cannot go on without until the Store answers.

        It ends no sooner than a write does: by its answer, or with the session when the lease is found lost.
        """
        away = _Away(self.instance_id)
        while True:
            try:
                return await read()
            except StoreUnavailable:
                await away.pause()

    async def _stored(self, live: Live) -> bool:
        stored = await self.stored()
        return stored is not None and stored.live == live


class _Away:
    """The pauses between the tries of one step, each longer than the one before."""

    def __init__(self, instance_id: str) -> None:
        self._id = instance_id
        self._next = FIRST_PAUSE

    async def pause(self) -> None:
        structlog.get_logger().warning("session.store_away", instance=self._id)
        await asyncio.sleep(self._next)
        self._next = min(LAST_PAUSE, self._next * 2)
