"""What a section starts for a while: a Pombo of either mode, its servers, and bare programs to measure it against."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from tests.bench.bench import Bench
from tests.support.deployment import Deployment
from tests.support.deployment_apart import ApartDeployment
from tests.support.deployment_up import UpDeployment
from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.server_binaries import find_server_binaries
from tests.support.server_process import ServerProcess

Mode = Literal["embedded", "scaled out"]
MODES: tuple[Mode, ...] = ("embedded", "scaled out")

ROOT = Path(__file__).parents[2]

AS_DELIVERED = {"POMBO_LEASE_SECONDS": "15", "POMBO_DELIVERY_SWEEP_SECONDS": "30"}
"""The product's own times, in place of the tests' short ones."""

REDIS = {"appendfsync": "everysec"}
"""Redis' default once its append-only file is on."""


class Pombo(NamedTuple):
    """A running Pombo.

    Attributes:
        mode: which of both it is.
        deployment: its processes, address and key.
        amqp_url: of its broker; empty when embedded.
    """

    mode: Mode
    deployment: Deployment
    amqp_url: str


@contextlib.asynccontextmanager
async def running_pombo(bench: Bench, mode: Mode) -> AsyncIterator[Pombo]:
    """Run a Pombo without instances while the body runs."""
    bench.say(f"starting Pombo, {mode}")
    with contextlib.ExitStack() as stack:
        pombo = await asyncio.to_thread(stack.enter_context, _pombo(bench, mode))
        try:
            yield pombo
        finally:
            await asyncio.to_thread(stack.close)


@contextlib.asynccontextmanager
async def running_program(
    bench: Bench, module: str, *words: str, said: str, env: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """Run one of the programs of this folder while the body runs.

    Args:
        bench: the run.
        module: in this folder.
        words: its arguments.
        said: what it prints once it is up; the rest of that line is yielded.
        env: its variables.
    """
    log = bench.folder(module) / "output.log"
    log.touch()
    program = ServerProcess(
        module,
        [sys.executable, "-m", f"tests.bench.{module}", *words],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **(env or {})},
        log=log,
        ready=lambda: said in log.read_text(),
    )
    try:
        await asyncio.to_thread(program.start)
        yield log.read_text().partition(said)[2].splitlines()[0].strip()
    finally:
        await asyncio.to_thread(program.stop)


@contextlib.contextmanager
def _pombo(bench: Bench, mode: Mode) -> Iterator[Pombo]:
    with contextlib.ExitStack() as stack:
        if mode == "embedded":
            up = UpDeployment(bench.folder("up"), AS_DELIVERED)
            stack.callback(up.stop)
            up.start()
            yield Pombo(mode, up, "")
            return
        binaries = find_server_binaries()
        redis = RedisServer(binaries, bench.folder("redis"), REDIS)
        rabbit = RabbitServer(binaries, bench.folder("rabbitmq"))
        for server in (redis, rabbit):
            stack.callback(server.kill)
            server.start()
        apart = ApartDeployment(bench.folder("apart"), AS_DELIVERED, redis_url=redis.url, amqp_url=rabbit.url)
        stack.callback(apart.stop)
        apart.start()
        yield Pombo(mode, apart, rabbit.url)
