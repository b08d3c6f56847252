"""The Bus inside one process. What waits in it dies with the process, as the port allows."""

import asyncio
from collections.abc import Awaitable, Callable

from pombo_common.adapters.inprocess.consuming import CommandServing, Running, WakeupServing
from pombo_common.adapters.inprocess.mailboxes import DeadLetter, Mailboxes, Parcel
from pombo_common.ports.bus import BusUnavailable, Handler, NoReply, Serving, Wakeup

_WAKEUPS_LIMIT = 100_000
_WAKEUPS_AT_ONCE = 100


class InProcessBus:
    """Queues between the tasks of one event loop."""

    def __init__(self, *, grace: float = 30.0) -> None:
        """Nothing works before `open`.

        Args:
            grace: seconds that `Serving.stop` gives to handlers that run.
        """
        self._grace = grace
        self._mailboxes = Mailboxes()
        self._wakeups: asyncio.Queue[Wakeup] = asyncio.Queue(_WAKEUPS_LIMIT)
        self._waiting: set[asyncio.Future[bytes]] = set()
        self._serving: list[Serving] = []
        self._open = False

    @property
    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """The newest thousand commands that were given up, oldest first."""
        return tuple(self._mailboxes.dead)

    async def open(self) -> None:
        """See `Bus`."""
        self._open = True

    async def close(self) -> None:
        """See `Bus`; callers that still wait get BusUnavailable."""
        self._open = False
        for serving in self._serving:
            await serving.stop()
        self._serving.clear()
        self._mailboxes.close()
        for reply in self._waiting:
            if not reply.done():
                reply.set_exception(BusUnavailable("the bus was closed"))

    async def ping(self) -> None:
        """See `Bus`."""
        if not self._open:
            raise BusUnavailable("the bus is not open")

    async def call(self, body: bytes, *, command_id: str, seconds: float) -> bytes:
        """See `Bus`."""
        await self.ping()
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.add(reply)
        try:
            self._mailboxes.send(Parcel(body, reply))
            async with asyncio.timeout(seconds):
                return await reply
        except TimeoutError:
            raise NoReply(f"no reply to command {command_id} in time") from None
        finally:
            self._waiting.discard(reply)

    async def serve(self, worker: str, handler: Handler, *, prefetch: int) -> Serving:
        """See `Bus`."""
        await self.ping()
        serving = CommandServing(self._mailboxes, worker, handler, Running(prefetch, self._grace))
        self._serving.append(serving)
        return serving

    async def wake(self, wakeup: Wakeup) -> None:
        """See `Bus`."""
        await self.ping()
        if self._wakeups.full():
            self._wakeups.get_nowait()
        self._wakeups.put_nowait(wakeup)

    async def hear(self, handler: Callable[[Wakeup], Awaitable[None]]) -> Serving:
        """See `Bus`."""
        await self.ping()
        serving = WakeupServing(self._wakeups, handler, Running(_WAKEUPS_AT_ONCE, self._grace))
        self._serving.append(serving)
        return serving
