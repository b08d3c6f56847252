"""`pombo instance` against a running Pombo, as a script runs it and as a person does."""

import json

import pytest

from tests.support.command_line import InTerminal, piped
from tests.support.deployment import Deployment
from tests.support.pombo_client import fresh_name
from tests.support.ports import free_port
from tests.support.waiting import wait_until

SANDBOX = ("--integration", "WHATSAPP-SANDBOX")


@pytest.fixture
def env(deployment: Deployment) -> dict[str, str]:
    """Return the variables that lead to the deployment."""
    return {"POMBO_URL": deployment.address, "POMBO_KEY": deployment.key}


def listed(env: dict[str, str], name: str) -> list[dict[str, object]]:
    found = json.loads(piped("instance", "list", "--json", env=env).out)
    return [item["instance"] for item in found if item["instance"]["instanceName"] == name]


def test_an_instance_from_its_creation_to_its_end(env: dict[str, str]) -> None:
    name = fresh_name("cli")
    created = piped("instance", "create", name, *SANDBOX, "--token", f"token-of-{name}", env=env)
    assert created == (
        0,
        f"Created {name}.\n  its key  token-of-{name}\n  link it  pombo instance connect {name}\n",
        "",
    )
    assert [item["status"] for item in listed(env, name)] == ["close"]
    table = piped("instance", "list", env=env).out.splitlines()
    assert table[0].split() == ["name", "state", "number", "profile", "integration"]
    assert [row.split() for row in table if row.startswith(name)] == [[name, "close", "WHATSAPP-SANDBOX"]]
    assert piped("instance", "state", name, env=env) == (0, "close\n", "")
    assert json.loads(piped("instance", "state", name, "--json", env=env).out)["instance"]["state"] == "close"
    assert piped("instance", "restart", name, env=env) == (0, f"Restarted {name}.\n", "")
    assert piped("instance", "logout", name, env=env) == (0, f"Logged {name} out.\n", "")
    assert piped("instance", "delete", name, "--yes", env=env) == (0, f"Deleted {name}.\n", "")
    assert listed(env, name) == []


def test_create_takes_the_common_fields_and_answers_json(env: dict[str, str]) -> None:
    name = fresh_name("json")
    fields = ("--number", "15550100999", "--webhook", "http://127.0.0.1:9/hook", "--qrcode")
    created = json.loads(piped("instance", "create", name, *SANDBOX, *fields, "--json", env=env).out)
    assert created["instance"]["integration"] == "WHATSAPP-SANDBOX"
    assert created["webhook"]["webhookUrl"] == "http://127.0.0.1:9/hook"
    assert created["qrcode"]["code"]
    assert json.loads(piped("instance", "delete", name, "--yes", "--json", env=env).out)["status"] == "SUCCESS"


def test_a_name_with_spaces_is_one_name(env: dict[str, str]) -> None:
    name = fresh_name("my shop @ home")
    assert piped("instance", "create", name, *SANDBOX, env=env).status == 0
    assert piped("instance", "state", name, env=env).out == "close\n"
    assert piped("instance", "delete", name, "--yes", env=env).status == 0


@pytest.mark.parametrize("action", ["state", "connect", "restart", "logout", "delete"])
def test_what_is_not_there_is_one_clear_line(env: dict[str, str], action: str) -> None:
    more = ("--yes",) if action == "delete" else ()
    done = piped("instance", action, "nobody", *more, env=env)
    assert done == (1, "", 'pombo: The "nobody" instance does not exist\n')


def test_what_pombo_refuses_is_said_in_its_words(env: dict[str, str]) -> None:
    name = fresh_name("twice")
    assert piped("instance", "create", name, *SANDBOX, env=env).status == 0
    again = piped("instance", "create", name, *SANDBOX, env=env)
    assert again == (1, "", f'pombo: This name "{name}" is already in use.\n')
    assert piped("instance", "delete", name, "--yes", env=env).status == 0


def test_a_wrong_key_and_a_missing_one_say_where_a_key_is_given(env: dict[str, str]) -> None:
    expected = (1, "", "pombo: the key is not accepted: give it with --key or POMBO_KEY\n")
    assert piped("instance", "list", "--key", "wrong", env=env) == expected
    assert piped("instance", "list", env={"POMBO_URL": env["POMBO_URL"]}) == expected


def test_where_no_pombo_answers_it_says_how_to_start_one() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = piped("instance", "list", "--url", url, env={})
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"pombo: no Pombo answers at {url}; start one with `make run`")


def test_delete_asks_a_person_and_refuses_where_nobody_can_be_asked(env: dict[str, str]) -> None:
    name = fresh_name("asked")
    assert piped("instance", "create", name, *SANDBOX, env=env).status == 0
    assert piped("instance", "delete", name, env=env) == (
        1,
        "",
        "pombo: nobody can be asked here: add --yes to delete without asking\n",
    )
    with InTerminal("instance", "delete", name, env=env) as terminal:
        terminal.until(r"Delete .*\[y/N\]")
        terminal.type("n\n")
        assert terminal.ended() == 1
        assert "nothing was deleted" in terminal.text
    assert len(listed(env, name)) == 1
    with InTerminal("instance", "delete", name, env=env) as terminal:
        terminal.until(r"Delete .*\[y/N\]")
        terminal.type("y\n")
        assert terminal.ended() == 0
    assert listed(env, name) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_scripts_are_for_pombo(shell: str) -> None:
    done = piped("completion", shell, env={})
    assert (done.status, "_POMBO_COMPLETE" in done.out) == (0, True)


def test_instance_names_complete_from_the_running_pombo_and_silently_not_at_all(env: dict[str, str]) -> None:
    name = fresh_name("complete")
    assert piped("instance", "create", name, *SANDBOX, env=env).status == 0
    asking = {"_POMBO_COMPLETE": "bash_complete", "COMP_WORDS": "pombo instance delete comple", "COMP_CWORD": "3"}
    # It gives up in silence when Pombo does not answer within a second.
    wait_until(lambda: piped(env=env | asking) == (0, f"plain,{name}\n", ""), seconds=60, what="the name is completed")
    for hindrance in ({"POMBO_URL": f"http://127.0.0.1:{free_port()}"}, {"POMBO_KEY": "wrong"}, {"SERVER_PORT": "x"}):
        assert piped(env=env | asking | hindrance) == (0, "\n", "")
    assert piped("instance", "delete", name, "--yes", env=env).status == 0
