"""Unpack Redis, RabbitMQ and wrk from Debian's packages into a folder, without root.

    python tools/unpack_debian_servers.py FOLDER

Packages are listed, downloaded and unpacked with apt-get and dpkg in folders of their own, so that it works for an
ordinary user and on a machine whose package lists are empty or old. Nothing is installed. The programs end up in
FOLDER/root; it does nothing when they are there already.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

WANTED = ("redis-server", "rabbitmq-server", "wrk")

# Of all that these depend on, what is no part of a minimal system, or not at its newest.
TAKEN = re.compile(
    r"(erlang-|rabbitmq-|redis-|wrk$|libluajit|libjemalloc|liblzf|libatomic|liblua|libhiredis|libsystemd0|libtinfo|libssl)"
)

# Scripts that name Erlang's installed folder, which Debian's ignore every variable about.
ERLANG_SCRIPTS = ("bin/erl", "bin/start", "erts-*/bin/erl", "erts-*/bin/start")
ERLANG_HOME = "/usr/lib/erlang"

MISSING_TOOLS = (
    "Redis and RabbitMQ, which the tests run against, are not on this machine, and it has no {missing} to unpack them "
    "with. Install redis-server and rabbitmq-server with the system's package manager, or name running ones in "
    "POMBO_TEST_REDIS_URL and POMBO_TEST_AMQP_URL."
)


class UnpackError(Exception):
    """The programs could not be had; the message says why."""


class Apt:
    """The machine's package sources, used through lists and a cache below `state`.

    Args:
        state: A folder for what apt-get keeps.
    """

    def __init__(self, state: Path) -> None:
        for folder in ("lists/partial", "cache/archives/partial"):
            (state / folder).mkdir(parents=True, exist_ok=True)
        settings = {
            "Dir::State": state,
            "Dir::State::Lists": state / "lists",
            "Dir::State::status": "/var/lib/dpkg/status",
            "Dir::Cache": state / "cache",
            "Dir::Log": state,
            # As root apt would change to a user that may not write here.
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Debug::NoLocking": "1",
        }
        self._options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]

    def update(self) -> None:
        """Fetch the package lists."""
        self._run("apt-get", "update", "-qq")

    def needed_by(self, packages: tuple[str, ...]) -> list[str]:
        """Return those of the packages and their dependencies that must be unpacked."""
        relations = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
        skipped = [f"--no-{relation}" for relation in relations]
        listing = self._run("apt-cache", "depends", "--recurse", *skipped, *packages)
        names = {line for line in listing.splitlines() if TAKEN.match(line)}
        # A name may be known and yet not to be had, as one that only another package provides.
        policy = self._run("apt-cache", "policy", *sorted(names))
        return sorted(names - set(re.findall(r"^(\S+):\n.*\n  Candidate: \(none\)", policy, re.MULTILINE)))

    def download(self, packages: list[str], folder: Path) -> None:
        """Put the package files into `folder`."""
        self._run("apt-get", "download", "-qq", *packages, folder=folder)

    def _run(self, program: str, *words: str, folder: Path | None = None) -> str:
        command = [program, *self._options, *words]
        env = os.environ | {"LC_ALL": "C"}
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            message = f"{program} {words[0]} failed:\n{done.stderr.strip()}"
            raise UnpackError(message)
        return done.stdout


def unpack(folder: Path) -> None:
    """Fill `folder`/root; an unfinished earlier attempt is thrown away.

    Raises:
        UnpackError: A tool is missing or failed.
    """
    root = folder / "root"
    if root.exists():
        return
    missing = [tool for tool in ("apt-get", "apt-cache", "dpkg") if shutil.which(tool) is None]
    if missing:
        raise UnpackError(MISSING_TOOLS.format(missing=" and no ".join(missing)))
    shutil.rmtree(folder, ignore_errors=True)
    packages, building = folder / "packages", folder / "building"
    packages.mkdir(parents=True)
    apt = Apt(folder / "apt")
    print("    fetching the package lists", flush=True)
    apt.update()
    names = apt.needed_by(WANTED)
    print(f"    downloading and unpacking {len(names)} packages", flush=True)
    apt.download(names, packages)
    for package in sorted(packages.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(package), str(building)], check=True)
    point_erlang_at(building, root)
    building.rename(root)
    shutil.rmtree(packages)
    shutil.rmtree(folder / "apt")


def point_erlang_at(tree: Path, root: Path) -> None:
    """Rewrite Erlang's scripts below `tree` for the place `root`, where the tree will stand."""
    home = tree / ERLANG_HOME.lstrip("/")
    for pattern in ERLANG_SCRIPTS:
        for script in home.glob(pattern):
            script.write_text(script.read_text().replace(f"={ERLANG_HOME}", f"={root}{ERLANG_HOME}"))


def main() -> int:
    """Run from the command line; return the exit status."""
    if len(sys.argv) != len(("program", "folder")):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        unpack(Path(sys.argv[1]).absolute())
    except UnpackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
