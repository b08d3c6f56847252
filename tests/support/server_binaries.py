"""Where the programs of Redis and RabbitMQ are: on the machine, or unpacked into the clone's cache."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

UNPACKED = Path(__file__).parents[2] / ".cache" / "debs" / "root"
SYSTEM = Path("/")

INSTALL_HINT = (
    "Redis and RabbitMQ are not on this machine. On Debian or Ubuntu, `make setup` unpacks them without root; "
    "elsewhere install redis-server and rabbitmq-server, or name running ones in POMBO_TEST_REDIS_URL and "
    "POMBO_TEST_AMQP_URL."
)


@dataclass(frozen=True)
class ServerBinaries:
    """The programs the test servers are made of.

    Attributes:
        redis: The program redis-server.
        rabbitmq: The script rabbitmq-server; not the wrapper in sbin, which insists on root.
        epmd: Erlang's port mapper.
        search_path: Folders that must lead PATH, so that `erl` is found.
        libraries: Folders of shared libraries unpacked with the programs.
    """

    redis: Path
    rabbitmq: Path
    epmd: Path
    search_path: tuple[Path, ...]
    libraries: tuple[Path, ...]

    def environment(self) -> dict[str, str]:
        """Return the variables by which the programs find each other and their libraries; no others."""
        path = [str(folder) for folder in self.search_path] + [os.environ.get("PATH", os.defpath)]
        env = {"PATH": os.pathsep.join(path), "LANG": "C.UTF-8"}
        if self.libraries:
            env["LD_LIBRARY_PATH"] = os.pathsep.join(str(folder) for folder in self.libraries)
        return env


def find_server_binaries() -> ServerBinaries:
    """Return the machine's own programs, else the unpacked ones.

    `POMBO_TEST_SERVERS` set to `system` or `unpacked` allows only the one or the other.

    Raises:
        FileNotFoundError: There are none; the message says what to do.
    """
    wanted = os.environ.get("POMBO_TEST_SERVERS", "")
    found = None
    if wanted != "unpacked":
        found = _on_the_machine()
    if found is None and wanted != "system":
        found = _under(UNPACKED)
    if found is None:
        raise FileNotFoundError(INSTALL_HINT)
    return found


def _on_the_machine() -> ServerBinaries | None:
    debian = _under(SYSTEM)
    if debian is not None:
        return debian
    redis, rabbitmq, epmd = (shutil.which(name) for name in ("redis-server", "rabbitmq-server", "epmd"))
    if redis is None or rabbitmq is None or epmd is None:
        return None
    return ServerBinaries(Path(redis), Path(rabbitmq), Path(epmd), (), ())


def _under(root: Path) -> ServerBinaries | None:
    """Return the programs of Debian's packages installed or unpacked under `root`."""
    redis = root / "usr/bin/redis-server"
    rabbitmq = root / "usr/lib/rabbitmq/bin/rabbitmq-server"
    erlang = root / "usr/lib/erlang/bin"
    epmd = erlang / "epmd"
    if not (redis.exists() and rabbitmq.exists() and epmd.exists()):
        return None
    libraries = () if root == SYSTEM else tuple(sorted((root / "usr/lib").glob("*-linux-*")))
    return ServerBinaries(redis, rabbitmq, epmd, (erlang,), libraries)


if __name__ == "__main__":
    sys.stdout.write(f"{find_server_binaries()}\n")
