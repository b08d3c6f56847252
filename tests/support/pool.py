"""A pool of workers under test: instances spread over it, and how long each was away."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping

import redis

from tests.support.deployment_apart import ApartDeployment
from tests.support.phones import Device, Phones
from tests.support.pombo_client import PomboClient
from tests.support.waiting import POLL_SECONDS, eventually

TOLERANCE = 0.2


def owners(url: str, names: Iterable[str]) -> Counter[str]:
    """Count the unexpired leases of each worker, as they lie in Redis."""
    counted: Counter[str] = Counter()
    with redis.Redis.from_url(url) as client:
        seconds, _ = client.time()
        for name in names:
            owner, expires = client.hmget(f"pombo:{{{name}}}:instance", "owner", "expires")
            if owner is not None and int(expires or 0) > seconds * 1000:
                counted[owner.decode()] += 1
    return counted


async def spread_evenly(url: str, numbers: Mapping[str, str], workers: int, *, seconds: float) -> list[int]:
    """Wait until every instance has an owner and each worker's number is near enough to even; returns the numbers."""
    even = len(numbers) / workers

    async def is_even() -> list[int]:
        held = await asyncio.to_thread(owners, url, numbers)
        near = all(abs(count - even) <= max(1, even * TOLERANCE) for count in held.values())
        whole = len(held) == workers and held.total() == len(numbers)
        return sorted(held.values()) if near and whole else []

    return await eventually(is_even, seconds=seconds, what=f"{len(numbers)} sessions spread over {workers} workers")


async def all_open(
    client: PomboClient, phones: Phones, numbers: Mapping[str, str], *, seconds: float, logins: int = 0
) -> None:
    """Wait until each instance reads as open and its device has one socket.

    Args:
        client: reads the states.
        phones: sees the sockets.
        numbers: of the instances, by name.
        seconds: the deadline.
        logins: how many there must have been in all: the simulator may not have missed a dead socket yet.
    """

    async def are_open() -> bool:
        devices = await phones.devices()
        if any(devices[number].live != 1 for number in numbers.values()):
            return False
        if sum(devices[number].logins for number in numbers.values()) < logins:
            return False
        listed = await client.call("GET", "/instance/fetchInstances")
        return listed.status_code == 200 and listed.text.count('"open"') >= len(numbers)

    await eventually(are_open, seconds=seconds, what="all sessions are open")


async def never_two(phones: Phones, numbers: Mapping[str, str]) -> None:
    """Check that no device ever had two live sockets."""
    devices = await phones.devices()
    assert {devices[number].most for number in numbers.values()} == {1}, "two sockets lived for one device"


class Absences:
    """The longest time that each device was seen without a socket, seconds."""

    def __init__(self, phones: Phones) -> None:
        self._phones = phones
        self._since: dict[str, float] = {}
        self.longest: dict[str, float] = {}

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look again and again while the body runs."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _watch(self) -> None:
        while True:
            for number, device in (await self._phones.devices()).items():
                self._note(number, device, time.monotonic())
            await asyncio.sleep(POLL_SECONDS)

    def _note(self, number: str, device: Device, now: float) -> None:
        if device.live == 0:
            away = now - self._since.setdefault(number, now)
            self.longest[number] = max(away, self.longest.get(number, 0.0))
        else:
            self._since.pop(number, None)


class Traffic:
    """Commands on all instances, one after the other, until the body ends; none may fail.

    Attributes:
        done: how many were answered.
        failed: the answers that were not 200 or 201.
        slowest: the longest that one took, seconds.
    """

    def __init__(self, client: PomboClient, names: Iterable[str], webhook: str) -> None:
        self._client = client
        self._webhook = {"webhook": {"url": webhook, "enabled": True}}
        self._names = list(names)
        self.done = 0
        self.failed: list[str] = []
        self.slowest = 0.0

    @contextlib.asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Send while the body runs, and wait for the last answers."""
        over = asyncio.Event()
        sending = asyncio.create_task(self._send(over))
        try:
            yield
        finally:
            over.set()
            await sending

    async def _send(self, over: asyncio.Event) -> None:
        turn = 0
        while not over.is_set():
            name = self._names[turn % len(self._names)]
            began = time.monotonic()
            if turn % 2:
                answer = await self._client.call("GET", f"/instance/connect/{name}")
            else:
                answer = await self._client.call("POST", f"/webhook/set/{name}", self._webhook)
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.done += 1
            if answer.status_code not in (200, 201):
                self.failed.append(f"{answer.status_code} {answer.text}")
            turn += 1


async def roll(pool: ApartDeployment) -> None:
    """Restart all workers in an orderly way, one after the other."""
    for worker in pool.workers:
        await asyncio.to_thread(worker.stop)
        await asyncio.to_thread(worker.start)
