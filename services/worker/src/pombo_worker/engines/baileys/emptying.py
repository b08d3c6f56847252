"""Moves the sessions of a host that grew too large to other hosts, one by one, and ends it."""

import asyncio

import structlog

from pombo_worker.engines.baileys.process import HostProcess
from pombo_worker.engines.baileys.wire import HostLost
from pombo_worker.engines.port import EngineUnavailable

CLOSE_SECONDS = 12
"""Above what a host takes at most: 3 s for the answer to a logout, 5 s for what is to be stored."""

REOPEN_SECONDS = 5
"""How long a moved session is waited for, before the next one is moved."""

PAIRING_SECONDS = 180
"""How long sessions that are not logged in may stay: somebody may be about to scan or to type their code."""

LOOK_SECONDS = 1
REST_SECONDS = 60
"""Between two emptied hosts at least: a limit that is too low for its sessions must not keep them all moving."""


class Emptying:
    """Empties one host at a time.

    Attributes:
        moving: keys of the connections that are closed so that their sessions dial again elsewhere.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self.moving: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._next_from = 0.0
        self._login = asyncio.Event()

    def begin(self, host: HostProcess) -> None:
        """Empty a host, unless it or another is being emptied, or one was a moment ago."""
        if self._task is not None or host.leaving or _monotonic() < self._next_from:
            return
        structlog.get_logger().warning("host.grown", pid=host.pid, sessions=len(host.sessions))
        host.leaving = True
        self._task = asyncio.create_task(self._empty(host), name="engine process emptying")
        self._task.add_done_callback(self._ended)

    def logged_in(self) -> None:
        """Hear that some session has logged in."""
        self._login.set()

    async def stop(self) -> None:
        """Give up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _ended(self, _: asyncio.Task[None]) -> None:
        self._task = None
        self._next_from = _monotonic() + REST_SECONDS

    async def _empty(self, host: HostProcess) -> None:
        patient_until = _monotonic() + PAIRING_SECONDS
        while host.sessions:
            movable = host.opened if _monotonic() < patient_until else host.sessions
            key = next(iter(movable), None)
            if key is None:
                await asyncio.sleep(LOOK_SECONDS)
            else:
                await self._move(host, key)
        await host.stop()

    async def _move(self, host: HostProcess, key: str) -> None:
        self.moving.add(key)
        self._login.clear()
        try:
            await host.wire.ask("session.close", {"session": key, "logout": False}, CLOSE_SECONDS)
        except HostLost:
            return
        except EngineUnavailable:
            await host.destroy()
            return
        finally:
            self.moving.discard(key)
        try:
            await asyncio.wait_for(self._login.wait(), REOPEN_SECONDS)
        except TimeoutError:
            structlog.get_logger().warning("host.slow_move", pid=host.pid)


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
