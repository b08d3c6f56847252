"""Logs: one JSON object a line on standard error, in a process of its own since it sets up the whole process."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, structlog
from pombo_common.telemetry import configure_logging
configure_logging({level!r})
log = structlog.get_logger()
log.debug("quiet", n=1)
log.info("plain", n=2)
logging.getLogger("aiormq.connection").error("TRACEBACK-NOISE")
logging.getLogger("other").info("too low")
logging.getLogger("other").warning("from a library")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("broken", instance="i-1")
print("stdout is the program's own")
"""


def run(level: str) -> tuple[str, list[str]]:
    """Run the program; returns its stdout and the lines of its stderr."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(level=level)], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout, done.stderr.splitlines()


@pytest.mark.parametrize(("level", "words"), [("INFO", ["plain", "broken"]), ("DEBUG", ["quiet", "plain", "broken"])])
def test_lines_are_json_on_standard_error_from_the_level_on(level: str, words: list[str]) -> None:
    out, lines = run(level)
    assert out == "stdout is the program's own\n"
    ours = [json.loads(line) for line in lines if line.startswith("{")]
    assert [line["event"] for line in ours] == words
    assert [line["level"] for line in ours][-2:] == ["info", "error"]
    assert all(line["timestamp"].endswith("Z") for line in ours)
    assert "ZeroDivisionError" in ours[-1]["exception"]
    assert ours[-1]["instance"] == "i-1"
    assert [line for line in lines if not line.startswith("{")] == ["WARNING other from a library"]
