"""Drives HTTP servers with `wrk`: where it is, what it sends, what it says."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.bench.samples import Contender, Sample
from tests.support.server_binaries import UNPACKED

THREADS = 2
ANSWER_SECONDS = 30
INSTALL_HINT = (
    "wrk is not on this machine. On Debian or Ubuntu: apt-get install wrk; elsewhere install it with the system's "
    "package manager."
)

# What is sent are `requests` in turn; each thread begins at another. What was reached is printed as one line of JSON.
SCRIPT = """
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set('id', threads)
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests":%%d,"microseconds":%%d,"p50":%%d,"p99":%%d,"failed":%%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
wrk.headers['apikey'] = '%(key)s'
%(request)s
"""

IN_TURN = """
local paths = { %(paths)s }
local at = 0
function init(args)
  at = id * 7
end
function request()
  at = at + 1
  return wrk.format('GET', paths[at %% #paths + 1])
end
"""

# Each thread counts for itself; the word tells runs apart.
CREATES = """
wrk.headers['content-type'] = 'application/json'
local made = 0
function request()
  made = made + 1
  local name = '%(word)s-' .. id .. '-' .. made
  return wrk.format('POST', '/instance/create', nil,
    '{"instanceName":"' .. name .. '","integration":"WHATSAPP-BAILEYS","qrcode":false}')
end
"""

SENDS = """
wrk.method = 'POST'
wrk.path = '/message/sendText/%(name)s'
wrk.headers['content-type'] = 'application/json'
wrk.body = '{"number":"%(number)s","text":"hello"}'
"""


class WrkError(Exception):
    """wrk is not there, or what it measured is not what was meant; the message says why."""


class _Said(msgspec.Struct):
    """What the script prints; times in microseconds."""

    requests: int
    microseconds: int
    p50: int
    p99: int
    failed: int


def find_wrk() -> tuple[Path, dict[str, str]]:
    """Return the program, on the PATH, else unpacked beside the test servers, and the variables that it needs.

    Raises:
        WrkError: it is not there; the message says what to do.
    """
    found = shutil.which("wrk")
    if found is not None:
        return Path(found), {}
    unpacked = UNPACKED / "usr/bin/wrk"
    if not unpacked.exists():
        raise WrkError(INSTALL_HINT)
    libraries = sorted((UNPACKED / "usr/lib").glob("*-linux-*"))
    return unpacked, {"LD_LIBRARY_PATH": os.pathsep.join(str(folder) for folder in libraries)}


class Wrk:
    """One way to load a server.

    Args:
        folder: takes the scripts.
        connections: kept open and busy.
    """

    def __init__(self, folder: Path, connections: int) -> None:
        self._program, self._env = find_wrk()
        self._folder = folder
        self._connections = connections
        self._scripts = 0

    def gets(self, address: str, key: str, paths: Sequence[str]) -> Contender:
        """Return what asks for these paths in turn, again and again."""
        quoted = ", ".join(f"'{path}'" for path in paths)

        async def run(seconds: float) -> Sample:
            return await self._run(address, key, IN_TURN % {"paths": quoted}, seconds)

        return run

    def creates(self, address: str, key: str, word: str) -> Contender:
        """Return what creates instances without a session, each with a name of its own that begins with the word."""
        runs = 0

        async def run(seconds: float) -> Sample:
            nonlocal runs
            runs += 1
            return await self._run(address, key, CREATES % {"word": f"{word}-{runs}"}, seconds)

        return run

    def sends(self, address: str, key: str, name: str, number: str, connections: int) -> Contender:
        """Return what sends a text from an instance to a number again and again, over so many connections."""

        async def run(seconds: float) -> Sample:
            return await self._run(address, key, SENDS % {"name": name, "number": number}, seconds, connections)

        return run

    async def _run(
        self, address: str, key: str, request: str, seconds: float, connections: int | None = None
    ) -> Sample:
        self._scripts += 1
        script = self._folder / f"wrk-{self._scripts}.lua"
        script.write_text(SCRIPT % {"key": key, "request": request})
        at_once = connections or self._connections
        words = [f"-t{min(THREADS, at_once)}", f"-c{at_once}", f"-d{max(1, round(seconds))}s"]
        words += ["--timeout", f"{ANSWER_SECONDS}s", "-s", str(script), address]
        process = await asyncio.create_subprocess_exec(
            self._program,
            *words,
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        last = output.decode().strip().rpartition("\n")[2]
        try:
            said = msgspec.json.decode(last, type=_Said)
        except msgspec.DecodeError:
            raise WrkError(f"wrk did not say what it measured:\n{output.decode()}") from None
        if said.failed or not said.requests:
            raise WrkError(f"{said.failed} of {said.requests} requests to {address} failed")
        return Sample(rate=said.requests / said.microseconds * 1e6, p50=said.p50 / 1000, p99=said.p99 / 1000)
