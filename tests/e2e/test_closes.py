"""Each way in which WhatsApp or the network closes a connection leads to its row of the table, seen from outside.

All cases run at once on one Pombo whose delays are tenths of seconds: the observations are made once, the tests read
them.
"""

import asyncio
import time
from typing import Any, NamedTuple

import pytest

from tests.support.deployment import Deployment
from tests.support.phones import Device, Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

PATIENCE = 120.0
"""Seconds for what comes at some time."""

STEADY = 6
"""Dials in a row after which the delays between them are at their longest: 0.1 s doubled so often is above 2 s."""

PACE = 4
"""Dials that a refused session makes at that pace while nothing more may come of the others: their own longest delay
would have passed between the first of them and the last."""

PACE_SECONDS = 2.9
"""What these take at least: three delays of 1 s, each half of the longest, and loop clocks round."""

LINKED_AT_ONCE = 4
REFUSALS = 1_000


class Case(NamedTuple):
    """One way to end a connection.

    Attributes:
        fault: the simulator's.
        code: the `statusReason` that is told.
        reason: the word beside it.
        then: `open`: it is connected again; `close`: it is over; `connecting`: WhatsApp refuses, and dials go on.
        stream_error: the fault's own code.
        login: refused with this code at the next login, after the fault.
    """

    fault: str
    code: int
    reason: str
    then: str
    stream_error: int | None = None
    login: int | None = None


CASES = {
    "515": Case("restart", 515, "restart-required", "open"),
    "440 conflict replaced": Case("replaced", 440, "replaced", "close"),
    "401 device removed": Case("removed", 401, "logged-out", "close"),
    "500 unknown stream error": Case("stream-error", 500, "connection-lost", "open", 500),
    "503 stream error": Case("stream-error", 503, "connection-lost", "open", 503),
    "428 end of stream": Case("end", 428, "connection-lost", "open"),
    "428 reset": Case("drop", 428, "connection-lost", "open"),
    "408 silence": Case("silence", 408, "connection-lost", "open"),
    "a deaf socket": Case("deaf", 408, "deaf", "open"),
    "a frame that cannot be read": Case("garbage", 500, "connection-lost", "open"),
    "login refused with 401": Case("drop", 401, "logged-out", "close", login=401),
    "login refused with 403": Case("drop", 403, "refused", "close", login=403),
    "login refused with 405": Case("drop", 405, "outdated-version", "connecting", login=405),
    "login refused with 503": Case("drop", 503, "connection-lost", "connecting", login=503),
}


class Seen(NamedTuple):
    """What came of a case.

    Attributes:
        told: `connection.update` events after the fault, in order.
        shown: connectionState at the end.
        before: the device before the fault.
        after: when the end was reached.
        later: when the refused sessions had dialled `PACE` times more.
        pace: seconds that its own took; None when it was not refused.
    """

    told: list[dict[str, Any]]
    shown: dict[str, Any]
    before: Device
    after: Device
    later: Device
    pace: float | None


class Ended(NamedTuple):
    """A case that has reached its end."""

    case: Case
    name: str
    number: str
    known: int
    before: Device
    after: Device


@pytest.fixture(scope="module")
def seen(brisk: Deployment) -> dict[str, Seen]:
    """Cause every close, and keep what came of each."""
    return asyncio.run(_observe_all(brisk))


async def _observe_all(deployment: Deployment) -> dict[str, Seen]:
    async with (
        PomboClient(deployment) as client,
        Phones(lambda: deployment.simulator) as phones,
        WebhookReceiver() as receiver,
    ):
        linking = asyncio.Semaphore(LINKED_AT_ONCE)
        ended = await asyncio.gather(*(_end(client, phones, receiver, case, linking) for case in CASES.values()))
        refused = [one.number for one in ended if one.case.then == "connecting"]
        paces = dict(
            zip(refused, await asyncio.gather(*(_dials_on(phones, one, PACE) for one in refused)), strict=True)
        )
        seen = await asyncio.gather(*(_seen(client, phones, receiver, one, paces.get(one.number)) for one in ended))
        return dict(zip(CASES, seen, strict=True))


async def _end(
    client: PomboClient, phones: Phones, receiver: WebhookReceiver, case: Case, linking: asyncio.Semaphore
) -> Ended:
    name, number = fresh_name("close"), fresh_number()
    async with linking:
        created = await client.create(name, webhook=receiver.url)
        assert await phones.scan(number, created["qrcode"]["code"])
        await client.wait_for(name, "open", seconds=PATIENCE)
    await eventually(
        lambda: receiver.of(name) and receiver.of(name)[-1].data.get("state") == "open", seconds=PATIENCE, what="open"
    )
    known = len(receiver.of(name, "connection.update"))
    before = await phones.device(number)
    if case.login is not None:
        await phones.fault(number, "failure", code=case.login, times=REFUSALS)
    await phones.fault(number, case.fault, **({"code": case.stream_error} if case.stream_error else {}))

    def over() -> bool:
        return any((data["state"], data["statusReason"]) == _last(case) for data in _told(receiver, name, known))

    await eventually(over, seconds=PATIENCE, what=f"{case.reason} of {case.fault}")
    if case.then == "open":
        await client.wait_for(name, "open", seconds=PATIENCE)
    elif case.then == "connecting":
        await _dials_on(phones, number, STEADY)
    return Ended(case, name, number, known, before, await phones.device(number))


async def _dials_on(phones: Phones, number: str, dials: int) -> float:
    """Wait until a device has dialled so many times more; return the seconds that it took."""
    began, tries = time.monotonic(), (await phones.device(number)).tries

    async def dialled() -> bool:
        return (await phones.device(number)).tries >= tries + dials

    await eventually(dialled, seconds=PATIENCE, what=f"{dials} dials of {number}")
    return time.monotonic() - began


async def _seen(
    client: PomboClient, phones: Phones, receiver: WebhookReceiver, ended: Ended, pace: float | None
) -> Seen:
    async def state() -> dict[str, Any]:
        answer = await client.call("GET", f"/instance/connectionState/{ended.name}")
        instance: dict[str, Any] = answer.json()["instance"]
        return instance

    async def waiting() -> dict[str, Any] | None:
        # While it dials there is no reason.
        shown = await state()
        return shown if shown["reason"] is not None else None

    refused = ended.case.then == "connecting"
    shown = await (eventually(waiting, seconds=PATIENCE, what="waits for its next dial") if refused else state())
    told = _told(receiver, ended.name, ended.known)
    return Seen(told, shown, ended.before, ended.after, await phones.device(ended.number), pace)


def _told(receiver: WebhookReceiver, name: str, known: int) -> list[dict[str, Any]]:
    """Return the `connection.update` events behind those that were known."""
    return [delivery.data for delivery in receiver.first(name, "connection.update")[known:]]


def _last(case: Case) -> tuple[str, int]:
    """Return state and `statusReason` of the event with which a case has come to its end."""
    return case.then, 200 if case.then == "open" else case.code


@pytest.mark.parametrize("name", CASES)
def test_a_close_leads_to_its_row(seen: dict[str, Seen], name: str) -> None:
    case, found = CASES[name], seen[name]
    told = [data for data in found.told if data["statusReason"] == case.code]
    assert told, found.told
    first = told[0]
    goes_on = case.then != "close"
    assert (first["state"], first["reason"], first["willReconnect"]) == (
        "connecting" if goes_on else "close",
        case.reason,
        goes_on,
    )
    assert (found.shown["state"], found.shown["willReconnect"]) == (case.then, goes_on)
    if case.then == "open":
        # Connected once more, and it stays so.
        assert (found.shown["phase"], found.shown["reason"]) == ("open", None)
        assert (found.later.live, found.later.tries - found.before.tries) == (1, 1)
        assert [data["state"] for data in found.told] == ["connecting", "open"]
    elif case.then == "close":
        assert (found.shown["phase"], found.shown["reason"]) == ("stopped", case.reason)
        assert found.told[-1] == first, "it said something after its last word"
        assert found.later.tries == found.after.tries, "it dialled on"
    else:
        assert found.shown["reason"] == case.reason
        assert found.pace is not None
        assert found.pace >= PACE_SECONDS, "it dialled without the delays"
        assert len(found.told) <= 3, "each dial was told"
