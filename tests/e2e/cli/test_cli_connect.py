"""`pombo instance connect`: the code in the terminal, followed to an open session or a clear end."""

import contextlib
import json
import re
import signal
import time
from collections.abc import Iterator

import httpx
import pytest

from pombo.terminal import qr_lines
from tests.support.command_line import InTerminal, piped
from tests.support.deployment import LONG_LEASES
from tests.support.deployment_up import UpDeployment
from tests.support.pombo_client import fresh_name, fresh_number
from tests.support.running import running

SANDBOX = ("--integration", "WHATSAPP-SANDBOX")
CODE_SECONDS = 7
"""Enough for a command to start and to show the code, also where the machine stalls for a while."""

CODES = 3
DRAWN_SECONDS = 60.0


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpDeployment]:
    """Yield a deployment whose codes change after a few seconds and end after a few codes."""
    env = {**LONG_LEASES, "POMBO_QR_SECONDS": str(CODE_SECONDS), "QRCODE_LIMIT": str(CODES)}
    with running(UpDeployment(tmp_path_factory.mktemp("quick"), env)) as started:
        yield started


@pytest.fixture
def env(quick: UpDeployment) -> dict[str, str]:
    """Return the variables that lead to it."""
    return {"POMBO_URL": quick.address, "POMBO_KEY": quick.key}


@pytest.fixture
def name(env: dict[str, str]) -> Iterator[str]:
    """Yield a closed sandbox instance."""
    name = fresh_name("link")
    assert piped("instance", "create", name, *SANDBOX, env=env).status == 0
    yield name
    piped("instance", "delete", name, "--yes", env=env)


def drawing_now(quick: UpDeployment, name: str) -> str:
    """Return how the code that Pombo answers now is drawn."""
    url, headers = f"{quick.address}/instance/connect/{name}", {"apikey": quick.key}
    answer = httpx.get(url, headers=headers, timeout=20, trust_env=False)
    return "\n".join(qr_lines(answer.json()["code"]))


def drawn_now(terminal: InTerminal, quick: UpDeployment, name: str) -> str:
    """Wait until what Pombo answers now is drawn, and return it; a new code may come between the two."""
    deadline = time.monotonic() + DRAWN_SECONDS
    while time.monotonic() < deadline:
        now = drawing_now(quick, name)
        with contextlib.suppress(TimeoutError):
            terminal.until(re.escape(now), seconds=1)
            return now
    raise TimeoutError(f"the code of {name} is not drawn; there is:\n{terminal.text}")


def drawings(terminal: InTerminal) -> set[str]:
    """Return all drawings so far that differ: lines of half blocks below the code's quiet zone."""
    return {found.rstrip("\n") for found in re.findall(r"█{61}\n(?:[█▀▄ ]{61}\n){30}", terminal.text)}


def scan(quick: UpDeployment, name: str) -> None:
    url, headers = f"{quick.address}/sandbox/{name}/scan", {"apikey": quick.key}
    answer = httpx.post(url, json={"number": fresh_number()}, headers=headers, timeout=20, trust_env=False)
    assert answer.status_code == 200, answer.text


def test_in_a_terminal_the_code_is_drawn_counted_down_redrawn_and_followed_until_open(
    quick: UpDeployment, env: dict[str, str], name: str
) -> None:
    with InTerminal("instance", "connect", name, env=env) as terminal:
        terminal.until("code 1, a new one in")
        first = drawn_now(terminal, quick, name)
        terminal.until(r"code 1, a new one in [1-5] s")
        terminal.until("code 2, a new one in")
        second = drawn_now(terminal, quick, name)
        assert {first, second} <= drawings(terminal)
        assert 2 <= len(drawings(terminal)) <= CODES
        scan(quick, name)
        terminal.until(f"{name} is open.")
        assert terminal.ended() == 0
        assert "\x1b[38;2;255;255;255" in terminal.raw or "\x1b[38;5;" in terminal.raw or "\x1b[97;40m" in terminal.raw


def test_the_countdown_knows_the_time_of_a_code_that_was_there_before(env: dict[str, str], name: str) -> None:
    before = json.loads(piped("instance", "create", f"{name}-b", *SANDBOX, "--qrcode", "--json", env=env).out)
    with InTerminal("instance", "connect", f"{name}-b", env=env) as terminal:
        left = int(re.findall(r"\d+", terminal.until(r"code \d, a new one in \d+ s"))[1])
        terminal.signal(signal.SIGINT)
        assert terminal.ended() == 130
    assert before["qrcode"]["count"] == 1
    # The answer's Date header, which the time left is counted from, knows whole seconds only.
    assert left <= CODE_SECONDS + 1
    assert piped("instance", "delete", f"{name}-b", "--yes", env=env).status == 0


def test_a_low_terminal_gets_the_drawing_once_and_a_narrow_one_a_sentence(env: dict[str, str], name: str) -> None:
    with InTerminal("instance", "connect", name, env=env, lines=24) as terminal:
        terminal.until(r"code 1, a new one in [1-5] s")
        assert terminal.text.count(drawings(terminal).pop()) == 1
        terminal.signal(signal.SIGINT)
        assert terminal.ended() == 130
    with InTerminal("instance", "connect", name, env=env, columns=40) as terminal:
        terminal.until(r"needs\s+61\s+columns")
        terminal.signal(signal.SIGINT)
        terminal.ended()


def test_codes_that_nobody_scans_end_with_the_reason_and_status_1(env: dict[str, str], name: str) -> None:
    done = piped("instance", "connect", name, env=env)
    assert done.status == 1
    assert done.out.count("On the phone:") == CODES
    assert re.fullmatch(r"pombo: .*connect again\n", done.err)


def test_for_machines_each_code_is_one_line_and_the_state_the_last(
    quick: UpDeployment, env: dict[str, str], name: str
) -> None:
    with InTerminal("instance", "connect", name, "--json", env=env, columns=5000) as terminal:
        terminal.until('"count":1')
        terminal.until('"count":2')
        scan(quick, name)
        assert terminal.ended() == 0
        lines = [json.loads(line) for line in terminal.text.splitlines()]
    assert [line["count"] for line in lines[:-1]] == list(range(1, len(lines)))
    assert len({line["code"] for line in lines[:-1]}) == len(lines) - 1
    assert lines[-1] == {"instance": {"instanceName": name, "state": "open"}}
    assert piped("instance", "connect", name, env=env) == (0, f"{name} is open.\n", "")


def test_create_with_a_code_follows_it_as_connect_does(quick: UpDeployment, env: dict[str, str], name: str) -> None:
    with InTerminal("instance", "create", f"{name}-q", *SANDBOX, "--qrcode", env=env) as terminal:
        terminal.until(r"code \d, a new one in")
        scan(quick, f"{name}-q")
        terminal.until(f"{name}-q is open.")
        assert terminal.ended() == 0
    assert piped("instance", "delete", f"{name}-q", "--yes", env=env).status == 0


def test_an_instance_that_is_deleted_meanwhile_ends_it(env: dict[str, str], name: str) -> None:
    with InTerminal("instance", "connect", name, env=env) as terminal:
        terminal.until(r"code \d, a new one in")
        assert piped("instance", "delete", name, "--yes", env=env).status == 0
        assert terminal.ended() == 1
        assert "pombo:" in terminal.text


def test_with_a_number_the_pairing_code_stands_beside_the_drawing(env: dict[str, str], name: str) -> None:
    with InTerminal("instance", "connect", name, "--number", fresh_number(), env=env) as terminal:
        terminal.until(r"Pairing code: [1-9A-Z]{4}-[1-9A-Z]{4}")
        terminal.signal(signal.SIGINT)
        assert terminal.ended() == 130
