"""The WhatsApp simulator as a child process: started when first needed, and again when it ends."""

import asyncio
import contextlib
import os
from pathlib import Path

import msgspec
import structlog

from pombo_common.model.errors import PomboError
from pombo_common.sandbox import SandboxEndpoint
from pombo_worker.engines.baileys.node import find_node, find_package
from pombo_worker.engines.port import EngineUnavailable

READY_SECONDS = 30
END_SECONDS = 3


class _Ready(msgspec.Struct):
    """The one line that the simulator prints."""

    port: int


def simulator_command(host: str, port: int, state: Path, qr_seconds: float | None) -> list[str]:
    """Return the command line that runs the simulator.

    Args:
        host: address to listen on.
        port: port to listen on, 0 for any.
        state: folder of its database.
        qr_seconds: how long sessions show each QR code; None: WhatsApp's own times. A server cannot see when a
            client goes on to its next code, so it must be told.

    Raises:
        EngineUnavailable: no Node, or its package is not installed.
    """
    entry = find_package("@pombo/simulator") / "src" / "main.js"
    command = [find_node(), str(entry), "--host", host, "--port", str(port), "--data", str(state)]
    if qr_seconds is not None:
        lifetime = str(int(qr_seconds * 1000))
        command += ["--qr-first-ms", lifetime, "--qr-next-ms", lifetime]
    return command


class SimulatorProcess:
    """Finds the simulator by starting it; a Sandbox."""

    def __init__(self, state: Path, key: str, qr_seconds: float | None) -> None:
        """Keep its state in this folder, and its control port behind this key; see `simulator_command`."""
        self._state = state
        self._key = key
        self._qr_seconds = qr_seconds
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._starting = asyncio.Lock()

    async def endpoint(self) -> SandboxEndpoint:
        """Return the running simulator; it keeps its port when it has to be started again.

        Raises:
            PomboError: 503 saying why it cannot be started.
        """
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                try:
                    await self._start()
                except (EngineUnavailable, TimeoutError, OSError, msgspec.DecodeError) as error:
                    await self.stop()
                    self._port = 0  # perhaps another program has taken it meanwhile
                    why = str(error) or type(error).__name__
                    raise PomboError(503, "sandbox_unavailable", f"The sandbox could not be started: {why}") from None
        return SandboxEndpoint(url=f"http://127.0.0.1:{self._port}", key=self._key)

    async def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start(self) -> None:
        command = await asyncio.to_thread(simulator_command, "127.0.0.1", self._port, self._state, self._qr_seconds)
        self._process = await asyncio.create_subprocess_exec(
            *command,
            "--lifeline",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "POMBO_SANDBOX_KEY": self._key},
            start_new_session=True,
        )
        if self._process.stdout is None:
            raise EngineUnavailable("it has no output")
        line = await asyncio.wait_for(self._process.stdout.readline(), READY_SECONDS)
        self._port = msgspec.json.decode(line, type=_Ready).port
        structlog.get_logger().info("sandbox.started", port=self._port)
