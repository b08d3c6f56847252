"""`pombo tour` against a running Pombo: the way to the end, and nothing left behind however it ends."""

import asyncio
import re
import signal

import pytest

from tests.support.command_line import InTerminal, piped
from tests.support.deployment import Deployment
from tests.support.ports import free_port
from tests.support.waiting import eventually

NAME = r"tour-[0-9a-f]{6}"
WHOLE_SECONDS = 30


@pytest.fixture
def env(deployment: Deployment) -> dict[str, str]:
    """Return the variables that lead to the deployment."""
    return {"POMBO_URL": deployment.address, "POMBO_KEY": deployment.key}


def left(env: dict[str, str]) -> list[str]:
    """Return the tours' instances that are there."""
    return re.findall(NAME, piped("instance", "list", "--json", env=env).out)


def test_piped_it_tells_each_step_and_each_event_without_a_code_for_a_terminal(env: dict[str, str]) -> None:
    done = piped("tour", env=env)
    assert (done.status, done.err) == (0, "")
    assert "\x1b" not in done.out
    told = [
        "1. A webhook",
        "2. Creates",
        "instance.create",
        "3. Asks",
        "qrcode.updated",
        "█████",
        "4. The simulated phone",
        "open as ",
        "5. A simulated contact",
        "Ana: Good day!",
        "6. Deletes",
        "instance.delete",
        "Done in",
    ]
    places = [done.out.find(part) for part in told]
    assert -1 not in places
    assert places == sorted(places)
    numbers = [int(number) for number in re.findall(r"^ +event +(\d+)", done.out, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert f"{len(numbers)} events came in their order" in done.out
    assert left(env) == []


def test_in_a_terminal_the_table_grows_and_stays_and_it_takes_half_a_minute_at_most(env: dict[str, str]) -> None:
    with InTerminal("tour", env=env) as terminal:
        terminal.until("Done in", seconds=WHOLE_SECONDS)
        assert terminal.ended() == 0
        last = terminal.text[terminal.text.rindex("Events at the webhook") :]
    for part in ("instance.create", "qrcode.updated", "open as ", "Ana: Good day!", "instance.delete"):
        assert part in last
    assert left(env) == []


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("2. Creates", signal.SIGINT),
        ("2. Creates", signal.SIGTERM),
        ("instance.create", signal.SIGINT),
        ("█████", signal.SIGINT),
        ("█████", signal.SIGHUP),
        ("4. The simulated phone", signal.SIGINT),
        ("Ana: Good", signal.SIGINT),
    ],
)
def test_stopped_at_any_step_it_leaves_no_instance_behind(
    env: dict[str, str], moment: str, number: signal.Signals
) -> None:
    with InTerminal("tour", env=env) as terminal:
        terminal.until(moment, seconds=WHOLE_SECONDS)
        terminal.signal(number)
        assert terminal.ended() == 130
    assert left(env) == []


@pytest.mark.asyncio
async def test_when_pombo_is_killed_on_the_way_it_says_what_is_left(
    deployment: Deployment, env: dict[str, str]
) -> None:
    with InTerminal("tour", env=env) as terminal:
        await asyncio.to_thread(terminal.until, "█████")
        await asyncio.to_thread(deployment.worker.kill)
        status = await asyncio.to_thread(terminal.ended)
        said = terminal.text
    await asyncio.to_thread(deployment.worker.start)
    assert status == 1
    found = re.search(rf"pombo: ({NAME}) could not be deleted: `pombo instance delete \1`", said)
    assert found, said
    again = {"POMBO_URL": deployment.address, "POMBO_KEY": deployment.key}
    # Until the killed one's lease is over the deletion says that it was not started.
    await eventually(
        lambda: piped("instance", "delete", found[1], "--yes", env=again).status == 0,
        seconds=60,
        what="what is left can be deleted",
    )


def test_where_no_pombo_runs_it_says_how_to_start_one() -> None:
    done = piped("tour", env={"POMBO_URL": f"http://127.0.0.1:{free_port()}"})
    assert (done.status, done.out) == (1, "")
    assert "start one with `make run`" in done.err
