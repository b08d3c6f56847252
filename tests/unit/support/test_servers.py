"""The test servers are real, keep their data, and can be harmed."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import aio_pika
import pytest
import redis.asyncio
import redis.exceptions

from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]

# A test process of its own: it starts a Redis, prints its port and waits to be killed.
STARTER = """
import pathlib, sys
from tests.support.redis_server import RedisServer
from tests.support.server_binaries import find_server_binaries
server = RedisServer(find_server_binaries(), pathlib.Path(sys.argv[1]))
server.start()
print(server.port, flush=True)
sys.stdin.read()
"""


@pytest.mark.asyncio
async def test_redis_keeps_its_data_over_a_kill(own_redis: RedisServer) -> None:
    async with redis.asyncio.from_url(own_redis.url) as client:
        await client.set("name", "value")
    own_redis.kill()
    own_redis.start()
    async with redis.asyncio.from_url(own_redis.url) as client:
        assert await client.get("name") == b"value"


@pytest.mark.asyncio
async def test_a_paused_redis_answers_nothing_until_resumed(own_redis: RedisServer) -> None:
    async with redis.asyncio.from_url(own_redis.url) as client:
        await client.ping()
        own_redis.pause()
        async with redis.asyncio.from_url(own_redis.url, socket_timeout=0.2, retry=None) as hasty:
            with pytest.raises(redis.exceptions.TimeoutError):
                await hasty.ping()
        own_redis.resume()
        assert await client.ping()


@pytest.mark.asyncio
async def test_rabbitmq_keeps_a_durable_message_over_a_kill(own_rabbitmq: RabbitServer) -> None:
    async with await aio_pika.connect(own_rabbitmq.url) as link:
        channel = await link.channel()
        await channel.declare_queue("kept", durable=True)
        message = aio_pika.Message(b"body", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, "kept", timeout=30)
    own_rabbitmq.write_out()
    own_rabbitmq.kill()
    own_rabbitmq.start()
    async with await aio_pika.connect(own_rabbitmq.url) as link:
        queue = await (await link.channel()).get_queue("kept")
        received = await queue.get(timeout=30)
        assert received is not None
        assert received.body == b"body"


def test_a_server_dies_with_the_test_process(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as starter:
        assert starter.stdout is not None
        port = int(starter.stdout.readline())
        assert _listened_on(port)
        starter.send_signal(signal.SIGKILL)
    wait_until(lambda: not _listened_on(port), seconds=30, what="the orphaned server ends")


def _listened_on(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except ConnectionError:
        return False
