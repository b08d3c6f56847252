"""The steps of the tour. Whatever happens on the way, its instance does not stay behind."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator

import msgspec

from pombo.caller import Refused, Unreachable
from pombo.client import PomboClient
from pombo.tour.receiver import Arrived, Receiver
from pombo.tour.showing import Showing

EVENT_SECONDS = 20.0
CLEANUP_SECONDS = 30.0
QUIET_SECONDS = 1.0
GONE = 404
CONTACT = "15550100200"
CONTACT_NAME = "Ana"
TEXT = "Good day! Is the shop open today?"


class Pace(msgspec.Struct, frozen=True):
    """Pauses for the reader, seconds: after a step, and while the QR code can be looked at."""

    step: float = 0.0
    look: float = 0.0


FOR_PEOPLE = Pace(step=1.5, look=4.0)


class TourFailed(Exception):  # noqa: N818 - reads as what happened
    """The tour cannot go on; the message says why and what to do."""


class Walk:
    """One tour."""

    def __init__(self, client: PomboClient, showing: Showing, pace: Pace) -> None:
        """Walk through the Pombo that the client calls."""
        self._client = client
        self._showing = showing
        self._pace = pace
        self.name = f"tour-{secrets.token_hex(3)}"

    async def run(self) -> Receiver:
        """Walk, and tidy up; returns the receiver with all that came.

        Raises:
            TourFailed: an event did not come, or there is no sandbox.
            Refused: Pombo refused a step.
            Unreachable: Pombo went away.
        """
        async with Receiver(self._showing.event) as receiver:
            self._showing.step(f"A webhook of the tour's own listens on {receiver.address}.")
            async with self._instance(receiver):
                await self._link(receiver)
                await self._write(receiver)
                self._showing.step(f"Deletes {self.name}; the simulated phone forgets the link.")
            await self._event(receiver, "instance.delete")
            # What else follows a deletion is not counted here; none of it shall find the webhook gone.
            await receiver.settled(QUIET_SECONDS, EVENT_SECONDS)
        return receiver

    @contextlib.asynccontextmanager
    async def _instance(self, receiver: Receiver) -> AsyncIterator[None]:
        """Create the instance, and delete it at the end of the body, whatever the end is."""
        self._showing.step(f"Creates the sandbox instance {self.name}; its events go to that webhook.")
        fields = {"instanceName": self.name, "integration": "WHATSAPP-SANDBOX", "webhook": {"url": receiver.url}}
        # The request is not given up half-way: whether there is something to delete would not be known.
        creating = asyncio.create_task(self._client.create(fields))
        try:
            await asyncio.shield(creating)
            await self._event(receiver, "instance.create")
            await self._pause(self._pace.step)
            yield
        finally:
            await asyncio.wait([creating], timeout=CLEANUP_SECONDS)
            if creating.done() and not creating.cancelled() and creating.exception() is None:
                await self._delete()

    async def _link(self, receiver: Receiver) -> None:
        self._showing.step("Asks for its QR code, which a phone would scan now:")
        answer = await self._client.connect(self.name)
        if answer.code is None:
            raise TourFailed(answer.message or "no QR code came")
        await self._event(receiver, "qrcode.updated")
        self._showing.qr(answer.code)
        await self._pause(self._pace.look)
        self._showing.step("The simulated phone scans it, and the session opens.")
        await self._client.scan(self.name)
        await self._event(receiver, "connection.update", state="open")
        await self._pause(self._pace.step)

    async def _write(self, receiver: Receiver) -> None:
        self._showing.step(f'A simulated contact writes: "{TEXT}"')
        await self._client.message(self.name, {"from": CONTACT, "text": TEXT, "pushName": CONTACT_NAME})
        await self._event(receiver, "messages.upsert")
        await self._pause(self._pace.step)

    async def _event(self, receiver: Receiver, name: str, *, state: str | None = None) -> None:
        def wanted(event: Arrived) -> bool:
            matches = state is None or (isinstance(event.data, dict) and event.data.get("state") == state)
            return event.event == name and matches

        try:
            await receiver.wait_for(wanted, EVENT_SECONDS)
        except TimeoutError:
            raise TourFailed(
                f"the event {name} did not come to {receiver.address} within {EVENT_SECONDS:g} s;"
                " Pombo must be able to reach this machine's loopback address"
            ) from None

    async def _delete(self) -> None:
        """Delete the instance; it may be gone already, and when Pombo is gone, the person learns what is left."""
        try:
            async with asyncio.timeout(CLEANUP_SECONDS):
                await self._client.delete(self.name)
        except Refused as error:
            if error.status != GONE:
                raise
        except (Unreachable, TimeoutError):
            raise TourFailed(f"{self.name} could not be deleted: `pombo instance delete {self.name}`") from None

    async def _pause(self, seconds: float) -> None:
        """Leave the reader time; what waits for Pombo never does so by a pause."""
        if seconds:
            await asyncio.sleep(seconds)
