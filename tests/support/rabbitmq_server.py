"""A private RabbitMQ on loopback ports: its node, its port mapper and its data apart from any other."""

import contextlib
import os
import socket
import subprocess
import uuid
from pathlib import Path

from tests.support.ports import free_port
from tests.support.server_binaries import ServerBinaries
from tests.support.server_process import ServerProcess

PROBE_SECONDS = 2.0
CONTROL_SECONDS = 120.0
PASSWORD = "pa55word"
PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
METHOD_FRAME = b"\x01"

CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
disk_free_limit.absolute = 50MB
log.console = false
"""

# Erlang binds the distribution port to every address unless told so; `none` keeps idle schedulers from spinning.
ERLANG_ARGUMENTS = "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none"


class RabbitServer:
    """One RabbitMQ node, user `guest`, virtual host `/`.

    Args:
        binaries: The programs.
        folder: An empty folder that takes its data, its settings and its logs.
    """

    def __init__(self, binaries: ServerBinaries, folder: Path) -> None:
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/"
        self._mapper_port = free_port()
        self._folder = folder
        (folder / "rabbitmq.conf").write_text(CONFIGURATION.format(port=self.port))
        (folder / "enabled_plugins").write_text("[].\n")
        (folder / "rabbitmq-env.conf").write_text("")
        self._control = binaries.rabbitmq.with_name("rabbitmqctl")
        self._env = env = binaries.environment() | self._environment()
        self._mapper = ServerProcess(
            "Erlang's port mapper",
            [str(binaries.epmd), "-port", str(self._mapper_port), "-address", "127.0.0.1"],
            env=env,
            log=folder / "epmd.log",
            ready=self._mapper_listens,
        )
        self._node = ServerProcess(
            "RabbitMQ", [str(binaries.rabbitmq)], env=env, log=folder / "start.log", ready=self._answers
        )

    def start(self) -> None:
        """Start it, or start it again on the same ports and data; return once it speaks AMQP."""
        self._mapper.start()
        self._node.start()

    def stop(self) -> None:
        """End it in an orderly way."""
        self._node.stop()
        self._mapper.kill()

    def kill(self) -> None:
        """End it at once."""
        self._node.kill()
        # A mapper that outlived its node might still know the name.
        self._mapper.kill()

    def pause(self) -> None:
        """Freeze it."""
        self._node.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._node.resume()

    def user(self, name: str, *rights: str) -> str:
        """Make a user, with a configure, a write and a read pattern when they are given; returns the user's URL.

        Args:
            name: begins the user's name.
            rights: the three patterns.

        Raises:
            subprocess.CalledProcessError: the broker did not make it.
        """
        name = f"{name}-{uuid.uuid4().hex[:8]}"
        steps = [f'rabbit_auth_backend_internal:add_user(<<"{name}">>, <<"{PASSWORD}">>, <<"test">>)']
        if rights:
            patterns = ", ".join('<<"{}">>'.format(right.replace("\\", "\\\\")) for right in rights)
            steps.append(f'rabbit_auth_backend_internal:set_permissions(<<"{name}">>, <<"/">>, {patterns}, <<"test">>)')
        self._evaluate(*steps)
        return self.url.replace("guest:guest@", f"{name}:{PASSWORD}@")

    def write_out(self) -> None:
        """Put what it knows of queues and exchanges on disk, which it else does some time after their declaration."""
        self._evaluate("mnesia:sync_log()")

    def _evaluate(self, *steps: str) -> None:
        """Have it evaluate Erlang expressions; all in one call, since each starts an Erlang of its own."""
        command = [str(self._control), "-n", self._env["RABBITMQ_NODENAME"], "eval", f"{', '.join(steps)}."]
        subprocess.run(command, env=self._env, capture_output=True, check=True, timeout=CONTROL_SECONDS)

    @property
    def pid(self) -> int:
        """The process id of the node."""
        return self._node.pid

    def _environment(self) -> dict[str, str]:
        folder = self._folder
        return {
            "HOME": str(folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._mapper_port),
            "RABBITMQ_NODENAME": f"pombo-{os.getpid()}-{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_ARGUMENTS,
            # Makes the script become the node instead of guarding it, so that one process is the whole server.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _mapper_listens(self) -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self._mapper_port), PROBE_SECONDS),
        ):
            return True
        return False

    def _answers(self) -> bool:
        """Tell whether it answers a client's greeting with Connection.Start."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), PROBE_SECONDS) as link:
            link.sendall(PROTOCOL_HEADER)
            return link.recv(1) == METHOD_FRAME
        return False
