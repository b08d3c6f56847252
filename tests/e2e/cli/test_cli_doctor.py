"""`pombo doctor` on real servers: what it finds, its status, and that no secret is in its output."""

import json
import time
from pathlib import Path

import pytest

from pombo.checks.rabbitmq_server import CONFIGURE, READ, WRITE
from pombo_common.vault import new_key
from tests.support.command_line import Done, InTerminal, piped
from tests.support.deployment_up import UpDeployment
from tests.support.ports import free_port
from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_server import RedisServer
from tests.support.running import running

OF_REDIS = ("Redis", "Redis rights", "Redis persistence", "Redis eviction", "Redis clock")
PATIENCE_SECONDS = 60.0


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a machine where nothing runs yet."""
    return {"POMBO_DATA_DIR": str(tmp_path / "data"), "SERVER_PORT": str(free_port())}


def found(done: Done) -> dict[str, tuple[str, str]]:
    return {item["check"]: (item["result"], item["says"]) for item in json.loads(done.out)}


def doctor_of(env: dict[str, str], *wanted: str) -> Done:
    """Ask until these checks are ok, or for a while: it gives a server up after a few seconds, and so also a machine.

    The clocks of two processes seem apart, too, when the machine stands still between two looks at them.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        done = piped("doctor", "--json", env=env)
        told = found(done)
        if all(told[check][0] == "ok" for check in wanted) or time.monotonic() > deadline:
            return done


def test_a_machine_where_pombo_can_be_started_is_well(env: dict[str, str]) -> None:
    done = piped("doctor", env=env)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["result", "check", "found"]
    assert {line.split()[0] for line in lines[1:-2]} == {"ok"}
    assert lines[-1].endswith("checks passed.")
    assert not Path(env["POMBO_DATA_DIR"]).exists()


def test_a_running_pombo_is_recognised_and_not_disturbed(tmp_path: Path) -> None:
    with running(UpDeployment(tmp_path, {})) as pombo:
        port = pombo.address.rpartition(":")[2]
        env = pombo.env | {"POMBO_DATA_DIR": str(pombo.data), "SERVER_PORT": port}
        done = doctor_of(env, "port")
        told = found(done)
        assert done.status == 0
        assert told["port"][1].startswith("Pombo")
        assert pombo.address in told["port"][1]
        assert told["its lock"] == ("ok", "held by a running Pombo")
        for secret in (pombo.key, pombo.sandbox_key, pombo.encryption_key):
            assert secret not in done.out + done.err
        assert pombo.worker.running


def test_each_variable_that_cannot_be_used_is_told_without_its_value(env: dict[str, str]) -> None:
    done = piped("doctor", env=env | {"QRCODE_LIMIT": "secret-1", "POMBO_ENCRYPTION_KEY": "secret-2"})
    assert done.status == 1
    assert "QRCODE_LIMIT cannot be used; must be a whole number at least 1" in done.out
    assert "POMBO_ENCRYPTION_KEY cannot be used" in done.out
    assert "secret" not in done.out + done.err
    assert done.out.endswith("see the advice behind each.\n")


def test_without_node_it_says_what_to_install(env: dict[str, str], tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    done = piped("doctor", "--json", env=env | {"PATH": str(empty)})
    item = next(item for item in json.loads(done.out) if item["check"] == "Node")
    # Where Node came as a Python package, it is found without the PATH.
    assert (done.status, item["result"]) in ((1, "fail"), (0, "ok"))
    assert item["result"] == "ok" or "install it" in item["advice"]


def test_a_port_that_somebody_else_has_fails(env: dict[str, str], redis_url: str) -> None:
    port = redis_url.rpartition(":")[2].partition("/")[0]
    done = piped("doctor", "--json", env=env | {"SERVER_PORT": port})
    assert done.status == 1
    assert found(done)["port"][0] == "fail"


def test_the_servers_of_parts_that_run_apart(env: dict[str, str], redis_url: str, amqp_url: str) -> None:
    env |= {"POMBO_STORE_URL": redis_url, "POMBO_BUS_URL": amqp_url, "POMBO_ENCRYPTION_KEY": new_key()}
    env["AUTHENTICATION_API_KEY"] = "pa55word"
    expected = (*OF_REDIS, "RabbitMQ", "RabbitMQ rights", "encryption key", "API key")
    done = doctor_of(env, *expected)
    told = found(done)
    assert done.status == 0, done.out
    assert {told[check][0] for check in expected} == {"ok"}
    assert "pa55word" not in done.out + done.err
    assert told["Redis"][1][0].isdigit()
    assert told["RabbitMQ"][1][0].isdigit()


def test_a_cluster_is_reached_as_the_store_reaches_it(env: dict[str, str], redis_cluster: RedisCluster) -> None:
    told = found(doctor_of(env | {"POMBO_STORE_URL": redis_cluster.url}, *OF_REDIS))
    for check in OF_REDIS:
        assert told[check][0] == "ok", told
    assert told["Redis"][1].endswith(f" at {redis_cluster.url}")


@pytest.mark.parametrize(("variable", "scheme"), [("POMBO_STORE_URL", "redis"), ("POMBO_BUS_URL", "amqp")])
def test_apart_the_api_needs_its_key(env: dict[str, str], variable: str, scheme: str) -> None:
    done = piped("doctor", env=env | {variable: f"{scheme}://127.0.0.1:{free_port()}"})
    assert done.status == 1
    (line,) = [line for line in done.out.splitlines() if "API key" in line]
    assert line.startswith("fail")
    assert "`pombo api` does not start without it; set AUTHENTICATION_API_KEY" in line


def test_a_redis_user_without_rights_fails_with_the_rights_it_needs(
    env: dict[str, str], own_redis: RedisServer
) -> None:
    url = own_redis.user("deaf", "~pombo:*", "resetchannels", "+@all")
    done = piped("doctor", "--json", env=env | {"POMBO_STORE_URL": url})
    told = found(done)
    assert done.status == 1
    assert (told["Redis"][0], told["Redis rights"][0], told["Redis persistence"][0]) == ("ok", "fail", "ok")
    assert "~pombo:* &pombo:*" in done.out
    assert "pa55word" not in done.out + done.err


def test_a_redis_user_without_info_gives_a_warning(
    env: dict[str, str], own_redis: RedisServer, session_rabbitmq: RabbitServer
) -> None:
    env |= {
        "POMBO_STORE_URL": own_redis.user("managed", "~pombo:*", "&pombo:*", "+@all", "-info"),
        "POMBO_BUS_URL": session_rabbitmq.user("least", CONFIGURE, WRITE, READ),
        "POMBO_ENCRYPTION_KEY": new_key(),
        "AUTHENTICATION_API_KEY": "pa55word",
    }
    done = piped("doctor", "--json", env=env)
    told = found(done)
    assert done.status == 0, done.out
    assert told["Redis"][0] == "warn"
    assert "allow the command INFO" in done.out
    assert (told["Redis rights"][0], told["RabbitMQ rights"][0]) == ("ok", "ok")


def test_a_rabbitmq_user_without_rights_fails_with_the_rights_it_needs(
    env: dict[str, str], session_rabbitmq: RabbitServer
) -> None:
    url = session_rabbitmq.user("narrow", CONFIGURE, r"^pombo\.", READ)
    done = piped("doctor", "--json", env=env | {"POMBO_BUS_URL": url})
    told = found(done)
    assert done.status == 1
    assert (told["RabbitMQ"][0], told["RabbitMQ rights"][0]) == ("ok", "fail")
    assert told["RabbitMQ rights"][1].endswith("access to exchange 'amq.default'")
    advice = next(item["advice"] for item in json.loads(done.out) if item["check"] == "RabbitMQ rights")
    assert advice == f"rabbitmqctl set_permissions USER '{CONFIGURE}' '{WRITE}' '{READ}'"
    assert "pa55word" not in done.out + done.err


def test_a_dotenv_that_is_not_utf_8_is_said(env: dict[str, str]) -> None:
    for command in (["doctor"], ["up"], ["instance", "list"]):
        done = piped(*command, env=env, dotenv="SERVER_NAME=caf\u00e9".encode("latin-1"))
        assert done.status == 1
        assert "Traceback" not in done.err
        assert ".env" in done.out + done.err
        assert "must be text in UTF-8" in done.out + done.err


def test_a_data_folder_that_cannot_be_looked_at_is_said(env: dict[str, str]) -> None:
    done = piped("doctor", "--json", env=env | {"POMBO_DATA_DIR": f"/tmp/{'x' * 300}/data"})
    assert (done.status, done.err) == (1, "")
    assert found(done)["data folder"][0] == "fail"
    assert "(File name too long)" in found(done)["data folder"][1]


def test_servers_that_do_not_answer_fail_without_telling_a_password(env: dict[str, str]) -> None:
    env |= {
        "POMBO_STORE_URL": f"redis://someone:pa55word@127.0.0.1:{free_port()}/0",
        "POMBO_BUS_URL": f"amqp://someone:pa55word@127.0.0.1:{free_port()}/",
        "POMBO_SANDBOX_URL": f"http://127.0.0.1:{free_port()}",
        "POMBO_SANDBOX_KEY": "pa55word",
    }
    done = piped("doctor", "--json", env=env)
    told = found(done)
    assert done.status == 1
    assert [told[check][0] for check in ("Redis", "RabbitMQ", "sandbox server", "encryption key")] == ["fail"] * 4
    assert "pa55word" not in done.out + done.err


def test_servers_that_refuse_the_password_are_told_apart(env: dict[str, str], redis_url: str, amqp_url: str) -> None:
    env |= {
        "POMBO_STORE_URL": redis_url.replace("redis://", "redis://someone:pa55word@"),
        "POMBO_BUS_URL": f"amqp://someone:pa55word@{amqp_url.rpartition('@')[2].removeprefix('amqp://')}",
    }
    done = piped("doctor", "--json", env=env)
    told = found(done)
    assert told["Redis"][1].endswith("refuses the user or the password")
    assert told["RabbitMQ"][1].endswith("refuses the user or the password")
    assert "pa55word" not in done.out + done.err


def test_in_a_terminal_the_table_is_read_at_its_width(env: dict[str, str]) -> None:
    with InTerminal("doctor", env=env, columns=60) as terminal:
        assert terminal.ended() == 0
        assert "checks passed." in terminal.text
        table = terminal.text[terminal.text.rindex("result") :]
    assert max(len(line) for line in table.splitlines()) <= 60
