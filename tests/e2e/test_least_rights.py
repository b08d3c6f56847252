"""Parts apart whose users may do just what is advised; and parts whose users may not, which say so in a line."""

from pathlib import Path

import pytest

from pombo.checks.rabbitmq_server import CONFIGURE, READ, WRITE
from pombo.checks.redis_server import RULES
from pombo_common.vault import new_key
from tests.support.command_line import piped
from tests.support.deployment_apart import ApartDeployment
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.running import running


@pytest.mark.asyncio
async def test_pombo_needs_no_more_than_the_doctor_advises(
    tmp_path: Path, own_redis: RedisServer, own_rabbitmq: RabbitServer
) -> None:
    redis_url = own_redis.user("least", *RULES.split())
    amqp_url = own_rabbitmq.user("least", CONFIGURE, WRITE, READ)
    with running(ApartDeployment(tmp_path, {}, redis_url=redis_url, amqp_url=amqp_url)) as pombo:
        async with PomboClient(pombo) as client:
            name = fresh_name("least")
            await client.create(name)
            await client.connect(name)
            await client.scan(name, fresh_number())
            await client.delete(name)
        logs = "".join(process.log.read_text() for process in pombo.processes)
        assert "Forbidden" not in logs
        assert "NoPermission" not in logs


@pytest.mark.parametrize("part", ["api", "worker"])
@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (("~else:*", "&*", "+@all"), "to access one of the keys"),
        (("~*", "resetchannels", "+@all"), "to access one of the channels"),
        (("~*", "&*", "+@all", "-@scripting"), "to run the 'evalsha' command"),
    ],
)
def test_a_redis_user_without_rights_ends_a_part_with_one_line(
    own_redis: RedisServer, part: str, rules: tuple[str, ...], says: str
) -> None:
    done = piped(part, env=_env(own_redis.user("lacking", *rules), "amqp://127.0.0.1:1"))
    assert (done.status, done.out) == (1, "")
    assert says in done.err
    assert "POMBO_STORE_URL" in done.err
    assert len(done.err.splitlines()) == 1


def test_a_refusal_ends_a_part_at_once(own_redis: RedisServer, own_rabbitmq: RabbitServer) -> None:
    known = own_redis.user("known", "~*", "&*", "+@all")
    for store, bus, says in (
        (known.replace("pa55word", "wrong"), own_rabbitmq.url, "Redis refuses the user or the password"),
        (
            known,
            own_rabbitmq.url.replace("guest:guest", "guest:wrong"),
            "RabbitMQ refuses the user or the password",
        ),
        (known, own_rabbitmq.user("idle", "^$", "^$", "^$"), "access to exchange 'pombo.bus'"),
    ):
        done = piped("worker", env=_env(store, bus))
        assert done.status == 1
        assert says in done.err.splitlines()[-1]
        # A part says that it waits, for servers that are still starting.
        assert "waiting" not in done.err
        assert "Traceback" not in done.err
        assert "wrong" not in done.err


def _env(store: str, bus: str) -> dict[str, str]:
    return {
        "POMBO_STORE_URL": store,
        "POMBO_BUS_URL": bus,
        "POMBO_ENCRYPTION_KEY": new_key(),
        "AUTHENTICATION_API_KEY": "key",
        "SERVER_PORT": "0",
    }
