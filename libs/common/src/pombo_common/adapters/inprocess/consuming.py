"""Consumers inside one process: a loop that takes, and the bounded handlers it starts."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine

from pombo_common.adapters.inprocess.mailboxes import DeadLetter, Mailboxes, Parcel
from pombo_common.ports.bus import Again, Disposition, Done, Handler, Later, PassOn, Request, Unreadable, Wakeup

log = logging.getLogger(__name__)


class Running:
    """Handlers that run at the same time, bounded; the loop that starts them is told by `stop` to end first."""

    def __init__(self, limit: int, grace: float) -> None:
        self._slots = asyncio.Semaphore(limit)
        self._grace = grace
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    def begin(self, loop: Coroutine[None, None, None]) -> None:
        """Start the loop that takes."""
        self._loop = asyncio.create_task(loop)

    async def slot(self) -> None:
        """Wait until one more handler may run."""
        await self._slots.acquire()

    def start(self, handling: Coroutine[None, None, None]) -> None:
        """Start a handler in the slot that was waited for."""
        task = asyncio.create_task(handling)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def stop(self) -> None:
        """End the loop, wait for the handlers within the grace, then cancel what is left."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.wait([self._loop])
        # A task that is cancelled before its first step never runs, and could not put back what it holds.
        await asyncio.sleep(0)
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=self._grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class CommandServing:
    """One worker's consumer of commands."""

    def __init__(self, mailboxes: Mailboxes, worker: str, handler: Handler, running: Running) -> None:
        self._mailboxes = mailboxes
        self._worker = worker
        self._handler = handler
        self._running = running
        self._arrival = mailboxes.attach(worker)
        self._stopped = False
        running.begin(self._take())

    async def _take(self) -> None:
        while True:
            await self._running.slot()
            while (taken := self._mailboxes.take(self._worker)) is None:
                self._arrival.clear()
                await self._arrival.wait()
            parcel, addressed = taken
            self._running.start(self._handle(parcel, addressed=addressed))

    async def _handle(self, parcel: Parcel, *, addressed: bool) -> None:
        origin = self._worker if addressed else None
        try:
            disposition = await self._handler(Request(body=parcel.body, addressed=addressed))
        except asyncio.CancelledError:
            self._mailboxes.put_back(parcel, origin, at_once=True)
            raise
        except Exception:
            log.exception("the handler of a command failed; it is put back")
            disposition = Again()
        self._settle(parcel, disposition, origin)

    def _settle(self, parcel: Parcel, disposition: Disposition, origin: str | None) -> None:
        match disposition:
            case Done(reply):
                if not parcel.reply.done():
                    parcel.reply.set_result(reply)
            case PassOn(worker):
                self._mailboxes.pass_on(parcel, worker)
            case Again():
                self._mailboxes.put_back(parcel, origin)
            case Later():
                self._mailboxes.bring_later(parcel)
            case Unreadable(reason):
                self._mailboxes.dead.append(DeadLetter(parcel.body, reason))

    async def stop(self) -> None:
        """See `Serving`."""
        if self._stopped:
            return
        self._stopped = True
        await self._running.stop()
        self._mailboxes.detach(self._worker, self._arrival)


class WakeupServing:
    """One listener of wake-ups."""

    def __init__(
        self, queue: asyncio.Queue[Wakeup], handler: Callable[[Wakeup], Awaitable[None]], running: Running
    ) -> None:
        self._queue = queue
        self._handler = handler
        self._running = running
        running.begin(self._take())

    async def _take(self) -> None:
        while True:
            await self._running.slot()
            self._running.start(self._handle(await self._queue.get()))

    async def _handle(self, wakeup: Wakeup) -> None:
        try:
            await self._handler(wakeup)
        except asyncio.CancelledError:
            # Another listener may still take it; when the queue is full the sweep finds it.
            with contextlib.suppress(asyncio.QueueFull):
                self._queue.put_nowait(wakeup)
            raise
        except Exception:
            log.exception("the handler of a wake-up failed; the sweep will find what is due")

    async def stop(self) -> None:
        """See `Serving`."""
        await self._running.stop()
