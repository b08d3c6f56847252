"""Fixtures that give tests a real Redis, a real Redis Cluster and a real RabbitMQ.

`redis_url` and `amqp_url` are shared by the whole session: `POMBO_TEST_REDIS_URL` and `POMBO_TEST_AMQP_URL` when set,
else private processes of that session; `redis_cluster` is always private. A test that harms its server takes
`own_redis`, `own_redis_cluster` or `own_rabbitmq`.
"""

import os
from collections.abc import Iterator
from typing import TypeVar

import pytest

from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_server import RedisServer
from tests.support.running import running
from tests.support.server_binaries import ServerBinaries, find_server_binaries
from tests.support.sqs_server import SqsServer

Server = TypeVar("Server", RedisServer, RedisCluster, RabbitServer)

STEADY_MS = 15_000
"""A cluster that nobody harms does not fall apart when the machine stands still for a while."""


@pytest.fixture(scope="session")
def server_binaries() -> ServerBinaries:
    """Return the programs of Redis and RabbitMQ; a test that needs them fails when there are none."""
    return find_server_binaries()


@pytest.fixture(scope="session")
def redis_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of the session's Redis, or of the one that is given."""
    given = os.environ.get("POMBO_TEST_REDIS_URL")
    if given:
        yield given
        return
    binaries: ServerBinaries = request.getfixturevalue("server_binaries")
    with running(RedisServer(binaries, tmp_path_factory.mktemp("session-redis"))) as server:
        yield server.url


@pytest.fixture(scope="session")
def redis_cluster(server_binaries: ServerBinaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """Yield the session's Redis Cluster of three nodes."""
    yield from _own(RedisCluster(server_binaries, tmp_path_factory.mktemp("redis-cluster"), node_timeout_ms=STEADY_MS))


@pytest.fixture(scope="session")
def session_rabbitmq(
    server_binaries: ServerBinaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RabbitServer]:
    """Yield the session's RabbitMQ, on which tests may make users."""
    with running(RabbitServer(server_binaries, tmp_path_factory.mktemp("session-rabbitmq"))) as server:
        yield server


@pytest.fixture(scope="session")
def amqp_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of the session's RabbitMQ, or of the one that is given."""
    given = os.environ.get("POMBO_TEST_AMQP_URL")
    if given:
        return given
    server: RabbitServer = request.getfixturevalue("session_rabbitmq")
    return server.url


@pytest.fixture(scope="session")
def sqs_server() -> Iterator[SqsServer]:
    """Yield the session's stand-in for SQS."""
    with running(SqsServer()) as server:
        yield server


@pytest.fixture
def own_redis(server_binaries: ServerBinaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Yield a running Redis that this test alone uses, and may stop, kill, freeze and start again."""
    yield from _own(RedisServer(server_binaries, tmp_path_factory.mktemp("own-redis")))


@pytest.fixture
def own_redis_cluster(
    server_binaries: ServerBinaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisCluster]:
    """Yield a running Redis Cluster that this test alone uses, and whose nodes it may harm."""
    yield from _own(RedisCluster(server_binaries, tmp_path_factory.mktemp("own-redis-cluster")))


@pytest.fixture
def own_rabbitmq(server_binaries: ServerBinaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    """Yield a running RabbitMQ that this test alone uses, and may stop, kill, freeze and start again."""
    yield from _own(RabbitServer(server_binaries, tmp_path_factory.mktemp("own-rabbitmq")))


def _own(server: Server) -> Iterator[Server]:
    """Let a server run that may be harmed, and is not asked to end."""
    try:
        server.start()
        yield server
    finally:
        server.kill()
