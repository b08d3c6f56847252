"""The Node hosts of a worker: started ahead of need, filled one after the other up to a bound, replaced when one fails.

The next host is started while some places are left; it stays empty until they are taken, ready for new sessions and
for those of a host that fails.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from pombo_worker.engines.baileys.process import HostProcess
from pombo_worker.engines.baileys.wire import HostSilent, Params
from pombo_worker.engines.port import EngineUnavailable
from pombo_worker.repeating import repeat

LOOK_SECONDS = 2.0
HANG_SECONDS = 6.0
"""How long an answer is waited for; then it is asked once more, since the worker itself may have been frozen."""

LAST_CHANCE_SECONDS = 2.0
LOOKS_OVER = 2
"""Looks in a row that must find a host over its memory before it is emptied: one is a collection that is due."""

SPARE_PART = 10
"""One in so many places is kept free, so that a new session seldom waits for a process."""

MEBIBYTE = 1024 * 1024


class HostLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How large a host may become.

    Attributes:
        sessions: how many it carries.
        memory_mb: resident memory, MiB.
    """

    sessions: int
    memory_mb: int


class HostPool:
    """Places sessions on hosts, and looks after the hosts."""

    def __init__(
        self,
        limits: HostLimits,
        *,
        on_request: Callable[[str, Params], Awaitable[Params]],
        on_notification: Callable[[str, Params], None],
        on_gone: Callable[[HostProcess], None],
        on_grown: Callable[[HostProcess], None],
    ) -> None:
        """Keep who is told; nothing is started yet.

        Args:
            limits: of each host.
            on_request: answers what a host asks.
            on_notification: takes what a host tells.
            on_gone: hears of a host whose process is dead, with the sessions that it carried.
            on_grown: hears of a host over its memory, at each look.
        """
        self._limits = limits
        self._on_request = on_request
        self._on_notification = on_notification
        self._on_gone = on_gone
        self._on_grown = on_grown
        self._hosts: list[HostProcess] = []
        self._watching: dict[HostProcess, asyncio.Task[None]] = {}
        self._starting: asyncio.Task[None] | None = None
        self._stopped = False

    @property
    def hosts(self) -> list[HostProcess]:
        """The running hosts, those included that start or are about to end."""
        return list(self._hosts)

    async def take(self, key: str) -> HostProcess:
        """Give a session its place, and start the next host when places run out.

        Raises:
            EngineUnavailable: no host can be started.
        """
        while (host := self._fullest_with_room()) is None:
            await asyncio.shield(self._next())
        host.sessions.add(key)
        self.keep_ready()
        return host

    def keep_ready(self) -> None:
        """Start a host in the background when few places are left."""
        spare = max(1, self._limits.sessions // SPARE_PART)
        if not self._stopped and sum(self._room(host) for host in self._hosts) < spare:
            self._next()

    async def stop(self) -> None:
        """End all hosts; one that is about to start is not waited for."""
        self._stopped = True
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        for watching in self._watching.values():
            watching.cancel()
        await asyncio.gather(*(host.stop() for host in self.hosts))

    def _room(self, host: HostProcess) -> int:
        return self._limits.sessions - len(host.sessions) if host.ready and not host.leaving else 0

    def _fullest_with_room(self) -> HostProcess | None:
        roomy = [host for host in self._hosts if self._room(host) > 0]
        return min(roomy, key=self._room, default=None)

    def _next(self) -> asyncio.Task[None]:
        """Start a host, or join the start that is under way."""
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start(), name="engine process start")
            self._starting.add_done_callback(_log_failure)
        return self._starting

    async def _start(self) -> None:
        if self._stopped:
            raise EngineUnavailable("the engine is stopped")
        host = HostProcess(
            on_request=self._on_request,
            on_notification=self._on_notification,
            on_exit=self._exited,
            memory_mb=self._limits.memory_mb,
        )
        self._hosts.append(host)
        try:
            await host.start()
        except BaseException:
            self._forget(host)
            raise
        if host in self._hosts:
            self._watching[host] = asyncio.create_task(self._watch(host), name="engine process watch")

    def _exited(self, host: HostProcess) -> None:
        carried = bool(host.sessions)
        self._forget(host)
        self._on_gone(host)
        if carried:
            # Its sessions come back soon. One that carried none is not replaced: it might end again at once.
            self.keep_ready()

    def _forget(self, host: HostProcess) -> None:
        if host in self._hosts:
            self._hosts.remove(host)
        watching = self._watching.pop(host, None)
        if watching is not None:
            watching.cancel()

    async def _watch(self, host: HostProcess) -> None:
        """Kill a host that does not answer, and tell of one that grows."""
        over = 0

        async def look() -> float | None:
            nonlocal over
            try:
                resident = await _resident(host)
            except HostSilent:
                structlog.get_logger().error("host.hung", pid=host.pid, sessions=len(host.sessions))
                host.kill()
                return None
            except EngineUnavailable:
                return None
            over = over + 1 if resident > self._limits.memory_mb * MEBIBYTE else 0
            if over >= LOOKS_OVER:
                self._on_grown(host)
            return LOOK_SECONDS

        await asyncio.sleep(LOOK_SECONDS)
        await repeat("host", look, retry=LOOK_SECONDS)


async def _resident(host: HostProcess) -> int:
    """Ask a host for its resident bytes.

    Raises:
        HostSilent: it did not answer, twice.
        EngineUnavailable: it is gone.
    """
    try:
        answer = await host.wire.ask("host.ping", {}, HANG_SECONDS)
    except HostSilent:
        answer = await host.wire.ask("host.ping", {}, LAST_CHANCE_SECONDS)
    return int(answer["rss"])


def _log_failure(starting: asyncio.Task[None]) -> None:
    error = None if starting.cancelled() else starting.exception()
    if error is not None:
        structlog.get_logger().error("host.not_started", why=str(error))
