"""Commands under an outage, and what was said of each: afterwards record and instance must agree with every answer."""

import asyncio
import contextlib
import itertools
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.pombo_client import PomboClient
from tests.support.waiting import eventually

SENDERS = 4
DEADLINE_SECONDS = 32.0
"""A request waits 20 s for its worker, and up to two answers of the Store, 6 s each, to say what became of it."""

SETTLE_SECONDS = 90.0
SWITCHES = ("rejectCall", "groupsIgnore", "alwaysOnline", "readMessages", "readStatus", "syncFullHistory")


@dataclass
class Attempt:
    """One command.

    Attributes:
        command: its id.
        text: what it sets; no other sets the same.
        status: of the answer.
        said: the answer's sentence when it was refused.
    """

    command: str
    text: str
    status: int
    said: str

    @property
    def acknowledged(self) -> bool:
        """The caller was told that it was done."""
        return self.status == 201

    @property
    def not_known(self) -> bool:
        """The caller was told to look for the outcome later."""
        return self.status == 504 or "not known" in self.said


class Acknowledged:
    """Sets a text of many instances again and again, one command of each at a time.

    Attributes:
        attempts: by the instance's name, in the order in which they were sent.
        slowest: the longest that an answer took, seconds.
    """

    def __init__(self, client: PomboClient, names: Iterable[str]) -> None:
        self.attempts: defaultdict[str, list[Attempt]] = defaultdict(list)
        self.slowest = 0.0
        self._client = client
        self._names = list(names)
        self._texts = itertools.count(1)

    @contextlib.asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Send while the body runs, and wait for the last answers."""
        over = asyncio.Event()
        parts = [self._names[turn::SENDERS] for turn in range(SENDERS)]
        sending = [asyncio.create_task(self._send(part, over)) for part in parts if part]
        try:
            yield
        finally:
            over.set()
            await asyncio.gather(*sending)

    @property
    def counted(self) -> Counter[str]:
        """How often each answer came."""
        every = itertools.chain.from_iterable(self.attempts.values())
        return Counter(f"{each.status} {_kind(each)}".strip() for each in every)

    async def done_since(self, moment: int) -> bool:
        """Tell whether a command was acknowledged that was sent after so many."""
        every = itertools.chain.from_iterable(self.attempts.values())
        return any(each.acknowledged and int(each.text) > moment for each in every)

    @property
    def sent(self) -> int:
        """How many were sent."""
        return sum(map(len, self.attempts.values()))

    async def check(self) -> None:
        """Check every answer: its kind, its record once that is settled, and the instance's text at the end."""
        assert self.slowest <= DEADLINE_SECONDS, f"an answer took {self.slowest:.1f} s"
        few = asyncio.Semaphore(SENDERS)

        async def one(name: str) -> None:
            async with few:
                await self._agree(name)

        await asyncio.gather(*(one(name) for name in self.attempts))

    async def _send(self, names: list[str], over: asyncio.Event) -> None:
        for name in itertools.cycle(names):
            if over.is_set():
                return
            text, command = str(next(self._texts)), str(uuid.uuid4())
            body = dict.fromkeys(SWITCHES, False) | {"msgCall": text}
            began = time.monotonic()
            answer = await self._client.call(
                "POST", f"/settings/set/{name}", body, headers={"Idempotency-Key": command}
            )
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.attempts[name].append(Attempt(command, text, answer.status_code, _sentence(answer)))
            # A refusal comes at once while a server is away: without a pause this would be nothing but refusals.
            if answer.status_code != 201:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), 0.2)

    async def _agree(self, name: str) -> None:
        possible: set[str] = set()
        for attempt in self.attempts[name]:
            done = await self._settled(name, attempt)
            if attempt.acknowledged:
                assert done, f"{name}: an acknowledged command has no outcome"
                possible = {attempt.text} | {late for late in possible if late in self._late(name)}
            elif attempt.not_known:
                possible |= {attempt.text} if done else set()
            else:
                assert attempt.status == 503, f"{name}: answered {attempt.status} {attempt.said}"
                assert not done, f"{name}: said not to have been started, and was done: {attempt.said}"
        settings = await self._client.call("GET", f"/settings/find/{name}")
        assert not possible or settings.json()["msg_call"] in possible, f"{name}: {settings.text}"

    def _late(self, name: str) -> set[str]:
        """Return the texts that may have been set later than the commands after them."""
        return {attempt.text for attempt in self.attempts[name] if attempt.not_known}

    async def _settled(self, name: str, attempt: Attempt) -> bool:
        """Wait until a command's outcome is known; tells whether it was done."""

        async def state() -> dict[str, Any]:
            answer = await self._client.call("GET", f"/commands/{name}/{attempt.command}")
            assert answer.status_code in (200, 404), answer.text
            record: dict[str, Any] = answer.json() if answer.status_code == 200 else {"state": "none"}
            # One that the caller was told is not begun may be there without ever having been sent.
            waits = record["state"] == "started" or (record["state"] == "pending" and attempt.not_known)
            return {} if waits else record

        record = await eventually(state, seconds=SETTLE_SECONDS, what=f"the outcome of {attempt.command}")
        return record["state"] == "finished" and bool(record.get("ok"))


def _kind(attempt: Attempt) -> str:
    if attempt.acknowledged:
        return ""
    if attempt.not_known:
        return "not known"
    return "not started" if "never will be" in attempt.said else "unavailable"


def _sentence(answer: httpx.Response) -> str:
    return "" if answer.status_code == 201 else str(answer.json()["response"]["message"])
