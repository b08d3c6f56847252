"""A fault of one Node host, and the check that only its own sessions reconnect, soon, and lose no message."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.support.deployment import HOST_ENTRY, Deployment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.process_tree import Running
from tests.support.text_stream import TextStream
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

PAIRINGS_AT_ONCE = 2
"""Each new device makes 812 keys: how many at once is no part of these tests."""

LINK_SECONDS = 60.0
RECONNECT_SECONDS = 45.0
TEXTS = 2


class OpenSessions(NamedTuple):
    """Instances that are open, with the texts that a contact sends to each.

    Attributes:
        numbers: by the instance's name.
        streams: by the instance's name.
    """

    numbers: dict[str, str]
    streams: dict[str, TextStream]


class HostFaults:
    """Does harm to one host of a worker, or to one session.

    Args:
        deployment: whose worker's hosts carry `per_host` sessions each.
        per_host: as in POMBO_SESSIONS_PER_HOST.
    """

    def __init__(
        self,
        deployment: Deployment,
        client: PomboClient,
        phones: Phones,
        receiver: WebhookReceiver,
        *,
        per_host: int,
    ) -> None:
        self._deployment = deployment
        self._client = client
        self._phones = phones
        self._receiver = receiver
        self._per_host = per_host

    async def open(self, count: int) -> OpenSessions:
        """Create and link so many instances."""
        numbers = {fresh_name("hosted"): fresh_number() for _ in range(count)}
        few = asyncio.Semaphore(PAIRINGS_AT_ONCE)

        async def link(name: str, number: str) -> None:
            async with few:
                await self._client.create(name, webhook=self._receiver.url)
                answer = await self._client.call("POST", f"/sandbox/{name}/scan", {"number": number})
                assert answer.status_code == 200, answer.text
                await self._client.wait_for(name, "open", seconds=LINK_SECONDS)

        async with asyncio.TaskGroup() as linking:
            for name, number in numbers.items():
                linking.create_task(link(name, number))
        streams = {name: TextStream(self._phones, fresh_number(), number) for name, number in numbers.items()}
        return OpenSessions(numbers, streams)

    async def garbage(self, sessions: OpenSessions) -> float:
        """Send one session a frame that nobody can read."""
        number = next(iter(sessions.numbers.values()))
        return await self._only(1, sessions, lambda: self._phones.fault(number, "garbage"))

    async def kill(self, sessions: OpenSessions) -> float:
        """Kill a host."""
        return await self._only(self._per_host, sessions, lambda: self._signal(signal.SIGKILL))

    async def hang(self, sessions: OpenSessions) -> float:
        """Stop a host: it neither answers nor ends, and its sockets stay."""
        return await self._only(self._per_host, sessions, lambda: self._signal(signal.SIGSTOP))

    async def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the host that was started first: those after it are filled later."""
        first = min(self._hosts(), key=lambda host: (host.started, host.pid))
        os.kill(first.pid, number)

    def _hosts(self) -> list[Running]:
        return [child for child in self._deployment.worker.children if HOST_ENTRY in child.command]

    async def _only(self, count: int, sessions: OpenSessions, harm: Callable[[], Awaitable[None]]) -> float:
        """Do harm while texts come, and return after how many seconds all that it hit were open again."""
        before = await self._phones.devices()

        async def hit() -> set[str]:
            devices = await self._phones.devices()
            numbers = set(sessions.numbers.values())
            if any(devices[number].live != 1 for number in numbers):
                return set()
            return {number for number in numbers if devices[number].logins != before[number].logins}

        async def back() -> bool:
            return len(await hit()) >= count

        await harm()
        began = time.monotonic()
        async with asyncio.TaskGroup() as both:
            for stream in sessions.streams.values():
                both.create_task(stream.send(TEXTS))
            await eventually(back, seconds=RECONNECT_SECONDS, what=f"{count} sessions are open again")
            seconds = time.monotonic() - began
        for name, stream in sessions.streams.items():
            await stream.arrived(self._receiver, name)
            await self._client.wait_for(name, "open")
        after = await self._phones.devices()
        changed = {number for number in await hit() if after[number].logins != before[number].logins + 1}
        assert len(await hit()) == count, "other sessions reconnected too"
        assert not changed, "some reconnected more than once"
        assert {after[number].most for number in sessions.numbers.values()} == {1}, "two sockets of one device"
        return seconds
