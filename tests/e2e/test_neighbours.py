"""Sessions in one process do not feel each other's faults."""

import asyncio

import pytest

from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.asyncio

SESSIONS = 10
AT_ONCE = 3
"""Each new device makes 812 keys: how many at once is no part of this test."""

RECONNECT_SECONDS = 20.0


async def test_a_garbage_frame_in_one_of_ten_sessions_is_not_noticed_by_the_other_nine(
    client: PomboClient, phones: Phones, receiver: WebhookReceiver
) -> None:
    numbers = {fresh_name("ten"): fresh_number() for _ in range(SESSIONS)}

    few = asyncio.Semaphore(AT_ONCE)

    async def open_one(name: str, number: str) -> None:
        async with few:
            await client.create(name, webhook=receiver.url)
            await client.scan(name, number)

    await asyncio.gather(*(open_one(name, number) for name, number in numbers.items()))
    await eventually(lambda: all(_is_told_open(receiver, name) for name in numbers), what="all ten told open")
    before = await phones.devices()
    told = {name: len(receiver.of(name)) for name in numbers}
    harmed, *others = numbers

    await phones.fault(numbers[harmed], "garbage")

    await eventually(
        lambda: len(receiver.of(harmed)) > told[harmed] and _is_told_open(receiver, harmed),
        seconds=RECONNECT_SECONDS,
        what="the tenth is open again",
    )
    after = await phones.devices()
    assert after[numbers[harmed]].logins == before[numbers[harmed]].logins + 1
    assert [after[numbers[name]] for name in others] == [before[numbers[name]] for name in others]
    assert [len(receiver.of(name)) for name in others] == [told[name] for name in others]
    assert [await client.state(name) for name in others] == ["open"] * len(others)


def _is_told_open(receiver: WebhookReceiver, name: str) -> bool:
    updates = receiver.of(name, "connection.update")
    return bool(updates) and updates[-1].data["state"] == "open"
