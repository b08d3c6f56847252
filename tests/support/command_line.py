"""The real `pombo` command as a person or a script runs it: piped, or in a pseudo terminal."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.support.pombo_process import COMMAND

END_SECONDS = 60.0
CHUNK = 65536
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[=>]")


class Done(NamedTuple):
    """A command that has ended.

    Attributes:
        status: of the process.
        out: standard output.
        err: standard error.
    """

    status: int
    out: str
    err: str


def command_env(folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of a command: no variable of the machine's owner but PATH."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "TERM": "xterm-256color", **env}


def piped(*arguments: str, env: Mapping[str, str], dotenv: bytes | None = None) -> Done:
    """Run `pombo` to its end with no terminal at all, in a folder that is empty but for a `.env` when one is given."""
    with tempfile.TemporaryDirectory() as folder:
        if dotenv is not None:
            (Path(folder) / ".env").write_bytes(dotenv)
        done = subprocess.run(
            [str(COMMAND), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=command_env(Path(folder), env),
            cwd=folder,
            timeout=END_SECONDS,
            check=False,
        )
    return Done(done.returncode, done.stdout, done.stderr)


class InTerminal:
    """`pombo` in a pseudo terminal; a context manager that never leaves it running."""

    def __init__(self, *arguments: str, env: Mapping[str, str], columns: int = 100, lines: int = 60) -> None:
        self._bytes = b""
        self._arguments = arguments
        self._env = env
        self._size = (lines, columns)
        self._folder = tempfile.TemporaryDirectory()

    def __enter__(self) -> Self:
        """Start it."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *self._size, 0, 0))
        self._process = subprocess.Popen(
            [str(COMMAND), *self._arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=command_env(Path(self._folder.name), self._env),
            cwd=self._folder.name,
            start_new_session=True,
        )
        os.close(slave)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)
        self._folder.cleanup()

    @property
    def raw(self) -> str:
        """All that it wrote, with the codes that steer a terminal."""
        return self._bytes.decode(errors="replace")

    @property
    def text(self) -> str:
        """What it wrote, without the codes; what was overwritten is still in it."""
        return CONTROL.sub("", self.raw).replace("\r", "")

    def until(self, pattern: str, *, seconds: float = END_SECONDS) -> str:
        """Wait until the text matches, and return what did.

        Raises:
            TimeoutError: it did not come, or the command ended before.
        """
        deadline = time.monotonic() + seconds
        while (found := re.search(pattern, self.text)) is None:
            if not self._read(deadline - time.monotonic()):
                raise TimeoutError(f"{pattern!r} did not come; there is:\n{self.text}")
        return found[0]

    def type(self, text: str) -> None:
        """Type some text."""
        os.write(self._master, text.encode())

    def signal(self, number: signal.Signals) -> None:
        """Send the command a signal; for SIGINT as Ctrl-C does."""
        self._process.send_signal(number)

    def ended(self, *, seconds: float = END_SECONDS) -> int:
        """Wait for its end and return its status.

        Raises:
            subprocess.TimeoutExpired: it goes on.
        """
        deadline = time.monotonic() + seconds
        while self._read(deadline - time.monotonic()):
            pass
        return self._process.wait(max(0.0, deadline - time.monotonic()))

    def _read(self, seconds: float) -> bool:
        """Read what there is, waiting for it; False at the end of the output or of the time."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            chunk = os.read(self._master, CHUNK)
        except OSError:  # Linux says so that the other end is closed.
            return False
        self._bytes += chunk
        return bool(chunk)
