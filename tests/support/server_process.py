"""A server run as a private process: started, ended, killed, frozen, and never left behind."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.waiting import wait_until

START_SECONDS = 180.0
STOP_SECONDS = 130.0
LOG_TAIL_BYTES = 4000

# Its standard input is a pipe whose other end only the test process holds: when that process is gone, however it
# went, `cat` reads the end of the file and the server's process group is killed.
WATCHDOG = 'cat >/dev/null; kill -9 "-$1"'


class ServerProcess:
    """One server process in a process group of its own, its output in a log file.

    Args:
        name: What the server is called in errors.
        command: The argument list.
        env: The whole environment of the process.
        log: The file that takes standard output and standard error, appended to.
        ready: Tells whether the server answers.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path, ready: Callable[[], bool]
    ) -> None:
        self._name = name
        self._command = list(command)
        self._env = dict(env)
        self._log = log
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id, which is its group's id too.

        Raises:
            RuntimeError: The server does not run.
        """
        if self._process is None:
            message = f"{self._name} does not run"
            raise RuntimeError(message)
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and return once it answers; does nothing when it runs.

        Raises:
            RuntimeError: The process ended instead; the message holds the end of its log.
            TimeoutError: It did not answer within three minutes.
        """
        if self.running:
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._env,
                cwd=self._log.parent,
                start_new_session=True,
            )
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG, "watchdog", str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_until(self._answers, seconds=START_SECONDS, what=f"{self._name} answers")
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End the server in an orderly way (SIGTERM), its data kept; does nothing when it does not run."""
        if self._process is None:
            return
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
        self._forget()

    def kill(self) -> None:
        """End the server at once (SIGKILL), its data left as they are; does nothing when it does not run."""
        if self._process is None:
            return
        self._signal(signal.SIGKILL)
        self._forget()

    def pause(self) -> None:
        """Freeze the server (SIGSTOP): its connections stay open and nothing answers.

        Raises:
            RuntimeError: The server does not run.
        """
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen server go on (SIGCONT).

        Raises:
            RuntimeError: The server does not run.
        """
        os.killpg(self.pid, signal.SIGCONT)

    def _answers(self) -> bool:
        if not self.running:
            tail = self._log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")
            message = f"{self._name} ended at its start; its log ends:\n{tail}"
            raise RuntimeError(message)
        return self._ready()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def _forget(self) -> None:
        """Reap the process and its watchdog. The watchdog goes first: it must not outlive the group's number."""
        if self._watchdog is not None:
            os.killpg(self._watchdog.pid, signal.SIGKILL)
            self._watchdog.communicate()
            self._watchdog = None
        if self._process is not None:
            self._process.wait(STOP_SECONDS)
            self._process = None
