"""A private Redis on a loopback port, its append-only file in a private folder."""

import contextlib
import socket
from collections.abc import Mapping
from pathlib import Path

import redis

from tests.support.ports import free_port
from tests.support.server_binaries import ServerBinaries
from tests.support.server_process import ServerProcess

PROBE_SECONDS = 1.0
PASSWORD = "pa55word"


class RedisServer:
    """One Redis with `appendonly yes` and `appendfsync always`: what it answered survives a kill.

    Args:
        binaries: The programs.
        folder: An empty folder that takes its data and its log.
        more: Further settings, by name.
    """

    def __init__(self, binaries: ServerBinaries, folder: Path, more: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(folder),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
            "daemonize": "no",
            **(more or {}),
        }
        command = [str(binaries.redis)]
        for name, value in settings.items():
            command += [f"--{name}", value]
        self._process = ServerProcess(
            "Redis", command, env=binaries.environment(), log=folder / "redis.log", ready=self._answers
        )

    def start(self) -> None:
        """Start it, or start it again on the same port and data; return once it answers."""
        self._process.start()

    def stop(self) -> None:
        """End it in an orderly way."""
        self._process.stop()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def pause(self) -> None:
        """Freeze it."""
        self._process.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._process.resume()

    def user(self, name: str, *rules: str) -> str:
        """Make a user with these ACL rules alone; returns the user's URL."""
        with redis.Redis(port=self.port, socket_timeout=5) as client:
            client.execute_command("ACL", "SETUSER", name, "reset", "on", f">{PASSWORD}", *rules)
        return self.url.replace("redis://", f"redis://{name}:{PASSWORD}@")

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def _answers(self) -> bool:
        """Tell whether a PING is answered with PONG, which it is not while the append-only file is read."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), PROBE_SECONDS) as link:
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
        return False
