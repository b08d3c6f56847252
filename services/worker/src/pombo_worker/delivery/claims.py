"""Keeps a claim while it is worked on, and writes what was done so far without holding up the sending."""

import asyncio
import contextlib
from types import TracebackType
from typing import Protocol, Self

from pombo_common.ports.bus import Wakeup
from pombo_common.ports.deliveries import Settlement
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_worker.repeating import outlived


class ClaimLost(Exception):  # noqa: N818 - reads as the state it names
    """The claim is another worker's now."""


class Work(Protocol):
    """What is done under a claim."""

    def settlement(self, token: str, keep: float | None) -> Settlement:
        """Return what is to be written."""

    def settled(self, settlement: Settlement) -> None:
        """Forget what was written."""


class Keeper:
    """A claim under way. Inside its context it is extended, and settled whenever it is nudged.

    Attributes:
        lost: another worker has the claim.
        seconds: what the claim is extended by.
    """

    def __init__(self, store: Store, wakeup: Wakeup, token: str, seconds: float, work: Work) -> None:
        """Keep this claim for as long as the context lasts, by so many seconds at a time."""
        self.lost = False
        self._store = store
        self._wakeup = wakeup
        self._token = token
        self.seconds = seconds
        self._work = work
        self._turn = asyncio.Lock()
        self._nudged = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def nudge(self) -> None:
        """Ask for a settlement soon."""
        self._nudged.set()

    async def __aenter__(self) -> Self:
        """Begin to keep it."""
        self._task = asyncio.create_task(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop keeping it; what is not settled then is settled by `end`, or here when the worker stops meanwhile."""
        if self._task is not None:
            # Not in the middle of a settlement: one whose answer was lost would write its dead letters again.
            async with self._turn:
                self._task.cancel()
            await asyncio.wait([self._task])
        if kind is asyncio.CancelledError:  # else nobody could go on here before the claim has run out
            with contextlib.suppress(StoreUnavailable, ClaimLost):
                await self.end()

    async def settle(self, keep: float | None) -> None:
        """Write what was done.

        Raises:
            ClaimLost: nothing was written.
            StoreUnavailable: it is not known whether it was.
        """
        async with self._turn:
            settlement = self._work.settlement(self._token, keep)
            if not await self._store.settle(self._wakeup.name, self._wakeup.instance_id, settlement):
                self.lost = True
                raise ClaimLost
            self._work.settled(settlement)

    async def end(self) -> None:
        """Write what was done, and end the claim; raises as `settle`."""
        await self.settle(None)

    async def _keep(self) -> None:
        while not self.lost:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.seconds / 3):
                    await self._nudged.wait()
            self._nudged.clear()
            with outlived("delivery"), contextlib.suppress(StoreUnavailable, ClaimLost):
                await self.settle(self.seconds)
