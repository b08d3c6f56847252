"""What is done to a running pool, and what must have become of its sessions afterwards."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

from tests.support.acknowledged import Acknowledged
from tests.support.figures import Figures
from tests.support.plain_amqp import ask
from tests.support.pombo_client import fresh_name, fresh_number
from tests.support.pool import Absences, Traffic, never_two, roll
from tests.support.rabbitmq_server import RabbitServer
from tests.support.redis_server import RedisServer
from tests.support.running_pool import WORKERS, RunningPool
from tests.support.text_stream import TextStream
from tests.support.waiting import eventually

LISTENERS = 3
"""Instances to which a contact writes all the time."""

TEXT_PAUSE = 0.1
QUEUED = 3
"""Instances that are created over AMQP while a server is away."""

BACK_SECONDS = 60.0


async def killed(pool: RunningPool, number: int = 1) -> None:
    """Kill a worker: its sessions are open elsewhere within a lease time plus 15 s, and no device had two sockets."""
    victim = pool.deployment.workers[number]
    lost, logins = pool.owned_by(victim.said), sum((await pool.logins()).values())
    async with _written_to(pool):
        began = time.monotonic()
        await asyncio.to_thread(victim.kill)
        await pool.open(seconds=pool.lease_seconds + 15, logins=logins + lost)
        spent = time.monotonic() - began
    pool.note(f"killed with {lost} sessions, all open again after", f"{spent:.1f} s")
    await never_two(pool.phones, pool.numbers)
    await asyncio.to_thread(victim.start)
    await pool.spread()


async def frozen(pool: RunningPool, number: int, *, hosts: bool, leases: float) -> None:
    """Freeze a worker, with its hosts or without them, and let it go on once its sessions are open elsewhere.

    Args:
        pool: which one.
        number: of the worker.
        hosts: its Node hosts are frozen too, and cannot close their sockets.
        leases: for how many lease times at least.
    """
    worker = pool.deployment.workers[number]
    before, held = await pool.logins(), pool.owned_by(worker.said)
    most_before = {account: device.most for account, device in (await pool.phones.devices()).items()}
    pids = [worker.pid, *(child.pid for child in worker.children if hosts)]
    async with _written_to(pool):
        began = time.monotonic()
        _signal(pids, signal.SIGSTOP)
        try:
            await pool.spread(WORKERS - 1)
            await pool.open()
            elsewhere = time.monotonic() - began
            end = began + leases * pool.lease_seconds
            await eventually(
                lambda: time.monotonic() >= end, seconds=leases * pool.lease_seconds + 1, what="the lease times"
            )
        finally:
            _signal(pids, signal.SIGCONT)
        await pool.spread()
        await pool.open()
    after, devices = await pool.logins(), await pool.phones.devices()
    most = max(after[account] - before[account] for account in before)
    # Away to another worker, and perhaps back to even things out: more would be two that throw each other out.
    assert most <= 3, f"a device logged in {most} times"
    # A frozen host cannot close its sockets: the login that replaces one finds it still there, and ends it.
    doubled = sum(devices[account].most > most_before[account] for account in before)
    assert doubled <= (held if hosts else 0), f"two sockets lived for {doubled} devices"
    assert max(devices[account].most for account in before) <= (2 if hosts else 1)
    what = f"worker{' and hosts' if hosts else ''} frozen with {held} sessions"
    pool.note(f"{what}, all open elsewhere after", f"{elsewhere:.1f} s")
    pool.note(f"{what}, most logins of one device", most)


async def rolled(pool: RunningPool, *, away_seconds: float) -> None:
    """Restart all workers one after the other under traffic: no command fails, no session is long away."""
    traffic, absences = Traffic(pool.client, pool.numbers, pool.receiver.url), Absences(pool.phones)
    began = time.monotonic()
    async with _written_to(pool), absences.watched(), traffic.flowing():
        await roll(pool.deployment)
        spent = time.monotonic() - began
        await pool.spread()
    longest = list(absences.longest.values()) or [0.0]
    pool.note("all workers restarted in", f"{spent:.1f} s")
    pool.note("commands meanwhile, failed", f"{traffic.done}, {len(traffic.failed)}")
    pool.note("the slowest command", f"{traffic.slowest:.1f} s")
    pool.note("a session was away", Figures.spread(longest))
    assert traffic.done
    assert traffic.failed == []
    assert max(longest) <= away_seconds, sorted(longest)[-5:]
    await pool.open()
    await never_two(pool.phones, pool.numbers)


async def without(pool: RunningPool, server: RedisServer | RabbitServer, *, seconds: float) -> None:
    """Kill a server under traffic and start it again: every answer holds, and all recovers by itself."""
    what = "Redis" if isinstance(server, RedisServer) else "RabbitMQ"
    commands = Acknowledged(pool.client, pool.numbers)
    queued = [fresh_name("queued") for _ in range(QUEUED)]
    async with asyncio.TaskGroup() as creating, _written_to(pool), commands.flowing():
        await eventually(lambda: _answered(commands, 0), seconds=BACK_SECONDS, what="traffic")
        began = time.monotonic()
        await asyncio.to_thread(server.kill)
        creations = [creating.create_task(_created(pool, name, seconds + BACK_SECONDS)) for name in queued]
        await eventually(lambda: time.monotonic() - began >= seconds, seconds=seconds + 1, what="the outage")
        await asyncio.to_thread(server.start)
        back, sent = time.monotonic(), commands.sent
        await eventually(lambda: _answered(commands, sent), seconds=BACK_SECONDS, what=f"a command after {what}")
        answers = time.monotonic() - back
        await asyncio.gather(*creations)
        await pool.open()
        await pool.spread()
        whole = time.monotonic() - back
    await commands.check()
    for name in queued:
        assert await pool.client.state(name) == "close"
        pool.closed.append(name)
    await never_two(pool.phones, pool.numbers)
    pool.note(f"{what} away for {seconds:g} s: answers", ", ".join(f"{n} of {k}" for k, n in commands.counted.items()))
    pool.note(f"{what} away for {seconds:g} s: the slowest answer", f"{commands.slowest:.1f} s")
    pool.note(f"{what} back: the first command after, all even and open after", f"{answers:.1f} s, {whole:.1f} s")


async def _answered(commands: Acknowledged, after: int) -> bool:
    return await commands.done_since(after)


async def _created(pool: RunningPool, name: str, seconds: float) -> None:
    fields: dict[str, Any] = {"integration": "WHATSAPP-SANDBOX", "webhook": {"url": pool.receiver.url}}
    reply = await ask(pool.rabbit.url, "instance.create", name, seconds=seconds, **fields)
    assert reply["ok"], reply


@contextlib.asynccontextmanager
async def _written_to(pool: RunningPool) -> AsyncIterator[None]:
    """Let contacts write to a few accounts while the body runs; each text is in the log once, whatever happened."""
    over = asyncio.Event()
    names = list(pool.numbers)[:: max(1, len(pool.numbers) // LISTENERS)]
    streams = {name: TextStream(pool.phones, fresh_number(), pool.numbers[name]) for name in names}

    async def write(stream: TextStream) -> None:
        while not over.is_set():
            await stream.send(1)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), TEXT_PAUSE)

    writing = [asyncio.create_task(write(stream)) for stream in streams.values()]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*writing)
    for name, stream in streams.items():
        await stream.arrived(pool.receiver, name)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
