"""Finding Node and our npm packages, and saying what to install when they are missing."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pombo_worker.engines.baileys import node as node_module
from pombo_worker.engines.baileys.node import find_node, find_package
from pombo_worker.engines.port import EngineUnavailable

Installing = Callable[[str], Path]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installing:
    """Return a maker of the only program named `node` on the PATH, which prints a text."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(node_module, "_wheel_node", lambda: None)

    def install(text: str) -> Path:
        program = tmp_path / "node"
        program.write_text(f"#!{sys.executable}\nprint({text!r})\n")
        program.chmod(0o755)
        return program

    return install


@pytest.mark.parametrize("version", ["v20.0.0", "v24.11.1", "v100.0.0-nightly"])
def test_a_node_that_is_new_enough_is_taken(installed: Installing, version: str) -> None:
    program = installed(version)
    assert find_node() == str(program)


@pytest.mark.parametrize("version", ["v18.20.4", "v9.0.0", "no version at all", ""])
def test_a_node_that_is_too_old_or_none_is_refused_with_what_to_do(installed: Installing, version: str) -> None:
    installed(version)
    with pytest.raises(EngineUnavailable, match="Node 20 or newer is needed: install it"):
        find_node()


def test_without_any_node_too(installed: Installing) -> None:
    with pytest.raises(EngineUnavailable, match="Node 20 or newer"):
        find_node()


def test_a_broken_node_is_passed_over(installed: Installing) -> None:
    installed("v22.0.0").write_text("#!/no/such/interpreter\n")
    with pytest.raises(EngineUnavailable, match="Node 20 or newer"):
        find_node()


def test_the_wheels_node_is_taken_when_the_systems_is_too_old(
    installed: Installing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = installed("v24.0.0").rename(tmp_path / "wheel-node")
    installed("v18.0.0")
    monkeypatch.setattr(node_module, "_wheel_node", lambda: str(newer))
    assert find_node() == str(newer)


def test_our_packages_are_found_and_a_missing_one_is_named() -> None:
    assert (find_package("@pombo/host") / "main.js").is_file()
    assert (find_package("@pombo/simulator") / "src" / "main.js").is_file()
    with pytest.raises(EngineUnavailable, match="@pombo/no-such-package is not installed"):
        find_package("@pombo/no-such-package")
