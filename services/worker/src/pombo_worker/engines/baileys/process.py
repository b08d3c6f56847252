"""One Node host process: started, checked by its version handshake, and ended."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from pombo_worker.engines.baileys.node import find_node, find_package
from pombo_worker.engines.baileys.wire import LINE_LIMIT, Params, Wire
from pombo_worker.engines.port import EngineUnavailable

PROTOCOL = 1
READY_SECONDS = 30
END_SECONDS = 3
SMALLEST_HEAP_MB = 128
"""A heap that the library alone does not fill."""


class HostProcess:
    """A running host and the wire to it.

    Attributes:
        sessions: keys of the connections that it carries.
        opened: those of them that are logged in.
        ready: it has said its first line.
        leaving: it takes no more sessions.
    """

    def __init__(
        self,
        *,
        on_request: Callable[[str, Params], Awaitable[Params]],
        on_notification: Callable[[str, Params], None],
        on_exit: Callable[["HostProcess"], None],
        memory_mb: int,
    ) -> None:
        """Keep who is told; `start` makes the process, whose heap ends it when it becomes larger than `memory_mb`."""
        self._heap_mb = max(memory_mb, SMALLEST_HEAP_MB)
        self._on_request = on_request
        self._on_notification = on_notification
        self._on_exit = on_exit
        self._ready: asyncio.Future[Params] = asyncio.get_running_loop().create_future()
        self._spool: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._wire: Wire | None = None
        self.sessions: set[str] = set()
        self.opened: set[str] = set()
        self.ready = False
        self.leaving = False

    @property
    def pid(self) -> int | None:
        """Its process id; None before `start`."""
        return None if self._process is None else self._process.pid

    @property
    def wire(self) -> Wire:
        """The wire; only after `start`."""
        if self._wire is None:
            raise EngineUnavailable("the engine process is not started")
        return self._wire

    async def start(self) -> None:
        """Start the process and wait until it says that it is ready.

        Raises:
            EngineUnavailable: no Node, no package, no answer, or another protocol version.
        """
        entry = find_package("@pombo/host") / "main.js"
        node = await asyncio.to_thread(find_node)
        # Not in a thread: a start that is given up there would leave the folder behind.
        self._spool = Path(tempfile.mkdtemp(prefix="pombo-host-"))
        try:
            self._process = await self._spawn(node, entry, self._spool)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, self._spool, ignore_errors=True)
            raise
        if self._process.stdout is None or self._process.stdin is None:
            raise EngineUnavailable("the engine process has no pipes")
        self._wire = Wire(
            self._process.stdout,
            self._process.stdin,
            self._spool,
            on_request=self._on_request,
            on_notification=self._notified,
        )
        self._reading = asyncio.create_task(self._read(self._wire))
        try:
            await self._greeted()
        except BaseException:
            # Nothing is on it yet that would be worth a farewell.
            self.kill()
            await self._reading
            raise

    async def _spawn(self, node: str, entry: Path, spool: Path) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            node,
            f"--max-old-space-size={self._heap_mb}",
            str(entry),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "POMBO_HOST_SPOOL": str(spool), "TMPDIR": str(spool)},
            limit=2 * LINE_LIMIT,
            start_new_session=True,
        )

    async def _greeted(self) -> None:
        """Wait for the first line, and check what it says."""
        try:
            ready = await asyncio.wait_for(asyncio.shield(self._ready), READY_SECONDS)
        except TimeoutError:
            raise EngineUnavailable("the engine process did not get ready in time") from None
        if ready.get("protocol") != PROTOCOL:
            raise EngineUnavailable("the engine process speaks another protocol version")
        self.ready = True
        structlog.get_logger().info("host.ready", pid=self.pid, baileys=ready.get("baileys"))

    async def stop(self) -> None:
        """End the process: close its stdin, then kill it when it does not end."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            self.kill()
            await process.wait()
        if self._reading is not None:
            await self._reading

    def kill(self) -> None:
        """Kill the process and what it may have started, also when it is stopped; `on_exit` follows."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def destroy(self) -> None:
        """Kill the process, and return once it and its sockets are gone."""
        self.kill()
        if self._process is not None:
            await self._process.wait()

    async def _read(self, wire: Wire) -> None:
        await wire.run()
        await self.destroy()
        if self._spool is not None:
            await asyncio.to_thread(shutil.rmtree, self._spool, ignore_errors=True)
        if not self._ready.done():
            self._ready.set_exception(EngineUnavailable("the engine process ended while it started"))
            self._ready.exception()
        self._on_exit(self)

    def _notified(self, method: str, params: Params) -> None:
        if method == "ready" and not self._ready.done():
            self._ready.set_result(params)
        else:
            self._on_notification(method, params)
