"""What Pombo needs on the machine: Python, Node, and its npm packages."""

import platform
import subprocess
import sys
from pathlib import Path

import msgspec

from pombo.checks.finding import Finding, fail, ok, warn
from pombo_worker.engines.baileys.node import find_node, find_package
from pombo_worker.engines.port import EngineUnavailable

OLDEST_PYTHON = (3, 11)
VERSION_SECONDS = 20
PACKAGES = ("baileys", "@pombo/host", "@pombo/lifeline")
SIMULATOR = "@pombo/simulator"


class _Package(msgspec.Struct):
    """What of a package.json is told."""

    version: str = "?"


def check_machine() -> list[Finding]:
    """Look at all of it; takes up to a second."""
    return [check_python(), check_node(), *check_packages()]


def check_python() -> Finding:
    """Look at the Python that runs this."""
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return fail("Python", found, "Pombo needs Python 3.11 or newer")
    return ok("Python", found)


def check_node() -> Finding:
    """Look for a Node that will do."""
    try:
        node = find_node()
        done = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True)
    except (EngineUnavailable, OSError, subprocess.SubprocessError) as error:
        why = str(error) if isinstance(error, EngineUnavailable) else "it cannot be run"
        return fail("Node", "none that will do", f"{why}; the API alone (`pombo api`) needs none")
    return ok("Node", f"{done.stdout.strip()} at {node}")


def check_packages() -> list[Finding]:
    """Look for the npm packages of the sessions, and of the sandbox."""
    findings = []
    for names, what, result in ((PACKAGES, "npm packages", fail), ((SIMULATOR,), "sandbox", warn)):
        try:
            told = ", ".join(f"{name} {_version(find_package(name))}" for name in names)
        except EngineUnavailable as error:
            findings.append(result(what, "not installed", str(error)))
        else:
            findings.append(ok(what, told))
    return findings


def _version(package: Path) -> str:
    try:
        return msgspec.json.decode((package / "package.json").read_bytes(), type=_Package).version
    except (OSError, msgspec.DecodeError):
        return "?"
