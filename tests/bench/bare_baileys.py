"""Drives the bare Baileys process: one request a line, one answer a line."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.support.deployment import Simulator

PROGRAM = Path(__file__).with_name("bare_baileys.mjs")
LONGEST_LINE = 16 * 1024 * 1024


class BareBaileys:
    """Bare sockets in one Node process.

    Attributes:
        pid: of that process.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Speak with a process that was just started."""
        self.pid = process.pid
        self._process = process
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def ask(self, what: str, **params: object) -> dict[str, Any]:
        """Ask for something; several may be asked for at once.

        Raises:
            RuntimeError: it failed.
        """
        number = next(self._ids)
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        if self._process.stdin is not None:
            self._process.stdin.write(msgspec.json.encode({"id": number, "what": what, **params}) + b"\n")
        answer = await waiting
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    async def read(self) -> None:
        """Hand out the answers until it ends."""
        while self._process.stdout is not None and (line := await self._process.stdout.readline()):
            answer = msgspec.json.decode(line)
            self._waiting.pop(answer["id"]).set_result(answer)


@asynccontextmanager
async def bare_baileys(simulator: Simulator, folder: Path) -> AsyncIterator[BareBaileys]:
    """Run the process against a simulator while the body runs; what it keeps lies in `folder`."""
    process = await asyncio.create_subprocess_exec(
        shutil.which("node") or "node",
        str(PROGRAM),
        simulator.socket_url,
        simulator.url,
        simulator.key,
        str(folder),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
    )
    bare = BareBaileys(process)
    reading = asyncio.create_task(bare.read())
    try:
        yield bare
    finally:
        process.kill()
        await process.wait()
        await reading
