"""A running Pombo as tests use it: whole in one process, or apart on Redis and RabbitMQ."""

import asyncio
import os
import re
import secrets
import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from pombo_common.vault import new_key
from tests.support.pombo_process import PomboProcess

Mode = Literal["up", "apart"]

SHORT_TIMES = {
    # A host cuts its sockets when two thirds of a lease pass without a renewal, and one comes after a third: a machine
    # that stalls for a few seconds must not look like a worker that is gone.
    "POMBO_LEASE_SECONDS": "12",
    "POMBO_DELIVERY_SWEEP_SECONDS": "2",
    "POMBO_CLEANUP_SECONDS": "1",
    "WEBHOOK_RETRY_INITIAL_DELAY_SECONDS": "0.2",
    "WEBHOOK_RETRY_MAX_DELAY_SECONDS": "1",
    "WEBHOOK_RETRY_MAX_ATTEMPTS": "100",
    "WEBHOOK_REQUEST_TIMEOUT_MS": "10000",
}
"""What makes a test of minutes one of seconds; the rules are the same."""

LONG_LEASES = {"POMBO_LEASE_SECONDS": "30"}
"""For a deployment on which no test waits for a lease to run out."""

SERVER_URL = "https://pombo.example"
"""The public address, the same after a restart on another port."""

ADDRESS = r"(http://127\.0\.0\.1:\d+)"

HOST_ENTRY = "host/main.js"
SANDBOX_STARTED = re.compile(r'"port": (\d+), "event": "sandbox.started"')


class Simulator(NamedTuple):
    """Where a simulator's control port is.

    Attributes:
        url: `http://host:port`.
        key: what it wants.
    """

    url: str
    key: str

    @classmethod
    def at(cls, port: str, key: str) -> "Simulator":
        """Return the one at this loopback port."""
        return cls(f"http://127.0.0.1:{port}", key)

    @property
    def socket_url(self) -> str:
        """Where sessions dial."""
        return "ws" + self.url.removeprefix("http") + "/ws/chat"


class Deployment(ABC):
    """One Pombo with one or more processes; `start` and `stop` block, the rest of a test's doings does not.

    Args:
        folder: an empty folder for its data and its logs.
        env: variables beside the short times.
    """

    mode: Mode

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.key = secrets.token_urlsafe(16)
        self.sandbox_key = secrets.token_urlsafe(16)
        self.encryption_key = new_key()
        self.env = {
            **SHORT_TIMES,
            "AUTHENTICATION_API_KEY": self.key,
            "POMBO_ENCRYPTION_KEY": self.encryption_key,
            "POMBO_SANDBOX_KEY": self.sandbox_key,
            "SERVER_PORT": "0",
            "SERVER_URL": SERVER_URL,
            "POMBO_HOST": "127.0.0.1",
            **env,
        }

    @property
    @abstractmethod
    def address(self) -> str:
        """Where its API is; another after a restart in one process."""

    @property
    def addresses(self) -> list[str]:
        """Where all its APIs are, in the order of their start."""
        return [self.address]

    @property
    @abstractmethod
    def worker(self) -> PomboProcess:
        """The process that runs the sessions."""

    @property
    @abstractmethod
    def processes(self) -> list[PomboProcess]:
        """All its processes in the order of their start."""

    @property
    @abstractmethod
    def simulator(self) -> Simulator:
        """The simulator of its sandbox.

        Raises:
            LookupError: it has not been started yet.
        """

    @abstractmethod
    def kept(self, name: str, instance_id: str) -> set[str]:
        """Name the kinds of things that its Store keeps of an instance."""

    def start(self) -> None:
        """Start everything."""
        try:
            for process in self.processes:
                process.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything."""
        for process in reversed(self.processes):
            process.stop()

    async def kill_worker(self) -> None:
        """Kill the process that runs the sessions (SIGKILL); its Node children must follow within 5 s."""
        await asyncio.to_thread(self.worker.kill)

    async def start_worker(self) -> None:
        """Start that process, and return once it is up."""
        await asyncio.to_thread(self.worker.start)

    def kill_hosts(self) -> None:
        """Kill the Node hosts of the worker (SIGKILL), and nothing else."""
        hosts = [child for child in self.worker.children if HOST_ENTRY in child.command]
        assert hosts, "no host runs"
        for host in hosts:
            os.kill(host.pid, signal.SIGKILL)

    def output(self) -> str:
        """Return all that its processes and their children ever wrote to standard output and standard error."""
        return "".join(process.log.read_text(errors="replace") for process in self.processes)


def standalone_simulator(folder: Path, key: str) -> PomboProcess:
    """Return `pombo sandbox` on a port of its own choice; not started yet."""
    env = {"POMBO_SANDBOX_KEY": key, "POMBO_DATA_DIR": str(folder / "data")}
    return PomboProcess(["sandbox", "--port", "0"], env=env, folder=folder, ready=r'"ready":true,"port":(\d+)')
