"""One instance on its way create, QR code, scan, open, the worker killed somewhere on it; and what must come of it."""

import asyncio
import random
import uuid
from typing import Literal

import httpx

from tests.support.delivered_log import delivered_whole
from tests.support.deployment import Deployment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

MOMENTS = ("create sent", "QR shown", "scan sent", "scan answered")
SPREAD_SECONDS = {"create sent": 0.8, "QR shown": 0.3, "scan sent": 0.4, "scan answered": 1.5}
"""After each moment the kill comes within so many seconds, so that the moments together cover the whole way."""

HESITATION_SECONDS = 0.5
MOMENT_SECONDS = 60.0
SETTLE_SECONDS = 90.0

Outcome = Literal["opened", "interrupted", "never created"]


class PairingWalk:
    """One instance and what its client saw of it.

    Args:
        client: calls the API.
        phones: scan.
        receiver: is the instance's webhook.
        hesitation: seconds for which the person looks at the QR code before the phone scans it.

    Attributes:
        scanned: whether the phone was answered: from then on the pairing must hold.
    """

    def __init__(self, client: PomboClient, phones: Phones, receiver: WebhookReceiver, hesitation: float) -> None:
        self.name = fresh_name("walk")
        self.number = fresh_number()
        self.scanned = False
        self._client = client
        self._phones = phones
        self._receiver = receiver
        self._hesitation = hesitation
        self._command = uuid.uuid4().hex
        self._created = False
        self._code: str | None = None
        self._reached = {moment: asyncio.Event() for moment in MOMENTS}

    async def until(self, moment: str, going: asyncio.Task[None]) -> None:
        """Wait for a moment of the way; a way that ends before it fails."""
        waiting = asyncio.create_task(self._reached[moment].wait())
        try:
            await asyncio.wait([waiting, going], timeout=MOMENT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        assert self._reached[moment].is_set(), f"{self.name} never came to: {moment}"

    async def go(self) -> None:
        """Walk as far as it goes; a call that is cut off ends it."""
        try:
            await self._walk()
        except (httpx.TransportError, LookupError):
            return

    async def settled(self) -> Outcome:
        """Wait until the instance is what it must be after the kill, and return what that is.

        Raises:
            TimeoutError: it did not become it.
        """
        (outcome,) = await eventually(self._known_outcome, seconds=SETTLE_SECONDS, what=f"{self.name} settled")
        codes = {item.data["qrcode"]["code"] for item in self._receiver.of(self.name, "qrcode.updated")}
        assert not self.scanned or len(codes) <= 1, "a linked instance showed another QR code"
        return outcome

    async def finish(self, outcome: Outcome) -> None:
        """Show that the instance works, delete it, and check that its webhook got every event of its log."""
        if outcome == "never created":
            await self._client.create(self.name, webhook=self._receiver.url)
        if outcome != "opened":
            code = (await self._client.connect(self.name))["code"]
            assert code != self._code, "connect showed the QR code of the interrupted pairing"
            assert await self._phones.scan(self.number, code)
        await eventually(self._is_open, seconds=SETTLE_SECONDS, what=f"{self.name} opened")
        assert (await self._phones.device(self.number)).most == 1, "two sockets lived for one device"
        await self._client.delete(self.name)
        await delivered_whole(self._client.deployment, self._receiver, self.name)

    async def _walk(self) -> None:
        self._reached["create sent"].set()
        answer = await self._client.try_create(self.name, command=self._command, webhook={"url": self._receiver.url})
        if answer.status_code != 201:
            return
        self._created = True
        self._code = answer.json()["qrcode"]["code"]
        if self._code is None:
            return
        self._reached["QR shown"].set()
        # A person takes a random time; nothing is waited for.
        await asyncio.sleep(self._hesitation)
        self._reached["scan sent"].set()
        self.scanned = await self._phones.scan(self.number, self._code)
        if self.scanned:
            self._reached["scan answered"].set()

    async def _known_outcome(self) -> list[Outcome]:
        """Return the outcome, empty while there is none."""
        outcome = await self._outcome()
        return [] if outcome is None else [outcome]

    async def _outcome(self) -> Outcome | None:
        state = await self._client.state(self.name)
        if self.scanned:
            return "opened" if await self._is_open() else None
        if state is None:
            return "never created" if await self._never_created() else None
        if await self._is_open():
            return "opened"
        return "interrupted" if state == "close" and self._said_interrupted() else None

    async def _never_created(self) -> bool:
        assert not self._created, "an instance that was created is gone"
        answer = await self._client.call("GET", f"/commands/{self.name}/{self._command}")
        return answer.status_code == 404 or answer.json()["state"] != "finished"

    async def _is_open(self) -> bool:
        try:
            return await self._client.state(self.name) == "open" and (await self._phones.device(self.number)).live == 1
        except (httpx.TransportError, LookupError):
            # In one process the simulator was killed as well; it comes back when a session needs it.
            return False

    def _said_interrupted(self) -> bool:
        updates = self._receiver.of(self.name, "connection.update")
        return bool(updates) and updates[-1].data.get("reason") == "pairing-interrupted"


async def kill_during(deployment: Deployment, walk: PairingWalk, moment: str, delay: float) -> asyncio.Task[None]:
    """Send an instance on its way, and kill the worker so many seconds after a moment of it.

    Returns:
        The walk, which may still go on: an API apart answers calls that outlast the kill.
    """
    going = asyncio.create_task(walk.go())
    await walk.until(moment, going)
    # A kill at a random time is the point; nothing is waited for.
    await asyncio.sleep(delay)
    await deployment.kill_worker()
    return going


def random_hesitation(dice: random.Random) -> float:
    """Return how long a person looks at a QR code, seconds."""
    return dice.uniform(0.0, HESITATION_SECONDS)


def random_moment(dice: random.Random, turn: int) -> tuple[str, float]:
    """Return a moment and a delay in seconds; the moments take turns so that few kills already cover the way."""
    moment = MOMENTS[turn % len(MOMENTS)]
    return moment, dice.uniform(0.0, SPREAD_SECONDS[moment])
