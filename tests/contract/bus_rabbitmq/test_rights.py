"""What a RabbitMQ user may not do is told apart from a broker that is away, and said so that a person can act on it."""

import pytest

from pombo.checks.rabbitmq_server import CONFIGURE, READ, WRITE
from pombo_common.adapters.rabbitmq import RabbitMqBus
from pombo_common.adapters.rabbitmq.rights import try_rights
from pombo_common.ports.bus import BusForbidden, BusRefused
from tests.support.rabbitmq_server import RabbitServer

pytestmark = pytest.mark.asyncio


async def test_rights_are_tried_one_by_one(session_rabbitmq: RabbitServer) -> None:
    await try_rights(session_rabbitmq.user("least", CONFIGURE, WRITE, READ))
    for name, rights, what in (
        ("no-configure", ("^$", WRITE, READ), "exchange 'pombo.bus'"),
        ("no-read", (CONFIGURE, WRITE, "^$"), "exchange 'pombo.dead'"),
        ("no-write", (CONFIGURE, "^$", READ), "queue 'pombo.dead-letters'"),
        ("no-publish", (CONFIGURE, r"^pombo\.[^b]", READ), "exchange 'pombo.bus'"),
        ("no-reply", (CONFIGURE, r"^pombo\.", READ), "exchange 'amq.default'"),
    ):
        with pytest.raises(BusForbidden, match=f"access to {what}"):
            await try_rights(session_rabbitmq.user(name, *rights))


async def test_a_bus_says_when_it_is_refused(session_rabbitmq: RabbitServer) -> None:
    unknown = session_rabbitmq.url.replace("guest:guest", "guest:wrong")
    for url, says in (
        (unknown, "refuses the user or the password"),
        (session_rabbitmq.user("homeless"), "refuses the virtual host"),
        (f"{session_rabbitmq.url}nowhere", "refuses the virtual host"),
        (session_rabbitmq.user("idle", "^$", "^$", "^$"), "access to exchange 'pombo.bus'"),
    ):
        bus = RabbitMqBus(url)
        with pytest.raises(BusRefused, match=says) as caught:
            await bus.open()
        assert "wrong" not in str(caught.value)
