"""Each setting does what it says: given on create, taken away and given again by settings/set, on one connection."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from tests.support.deployment import Deployment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually
from tests.support.webhook_receiver import WebhookReceiver

PATIENCE = 120.0
TEXT = "Please write."
OFF = {
    "rejectCall": False,
    "msgCall": TEXT,
    "groupsIgnore": False,
    "alwaysOnline": False,
    "readMessages": False,
    "readStatus": False,
    "syncFullHistory": False,
}


class Account(NamedTuple):
    """An open instance, and who plays its surroundings."""

    name: str
    number: str
    contact: str
    phones: Phones
    receiver: WebhookReceiver

    async def heard(self, text: str, *, expected: bool) -> bool:
        """Return whether a text has come, when all that the contact sent before this call has."""
        marker = fresh_name("marker")
        await self.phones.text(self.contact, self.number, marker)
        awaited = {marker, text} if expected else {marker}
        await eventually(lambda: awaited <= set(self.texts()), seconds=PATIENCE, what="the texts")
        return text in self.texts()

    def texts(self) -> list[str]:
        """Return the texts of all messages that came to the webhook."""
        told = self.receiver.of(self.name, "messages.upsert")
        return [str(each.data["message"].get("conversation")) for each in told]


async def calls_are_rejected_and_answered(account: Account, *, expected: bool) -> bool:
    before = len(await account.phones.inbox(account.contact))
    call_id = await account.phones.ring(account.contact, account.number)
    await eventually(
        lambda: any(told.data["id"] == call_id for told in account.receiver.of(account.name, "call")),
        seconds=PATIENCE,
        what="the call's event",
    )
    if not expected:
        await account.heard("", expected=False)

    async def rejected() -> bool:
        texts = [arrived["text"] for arrived in await account.phones.inbox(account.contact)]
        state = await account.phones.call_state(call_id)
        return (state, texts[before:]) == ("rejected", [TEXT])

    return await _comes(rejected, expected=expected)


async def groups_are_ignored(account: Account, *, expected: bool) -> bool:
    group = await account.phones.group(account.contact, account.number)
    text = fresh_name("group")
    await account.phones.text(account.contact, group, text)
    return not await account.heard(text, expected=not expected)


async def it_is_always_online(account: Account, *, expected: bool) -> bool:
    async def available() -> bool:
        return (await account.phones.device(account.number)).presence == "available"

    async def unavailable() -> bool:
        return not await available()

    return await _comes(available, expected=True) if expected else not await _comes(unavailable, expected=True)


async def messages_are_read(account: Account, *, expected: bool) -> bool:
    return await _is_read(account, post=False, expected=expected)


async def posts_come_and_are_read(account: Account, *, expected: bool) -> bool:
    return await _is_read(account, post=True, expected=expected)


async def _is_read(account: Account, *, post: bool, expected: bool) -> bool:
    text = fresh_name("text")
    message_id = await account.phones.text(account.contact, account.number, text, post=post)
    comes = expected or not post
    assert await account.heard(text, expected=comes) is comes

    async def read() -> bool:
        return message_id in await account.phones.read_by(account.number)

    return await _comes(read, expected=expected)


async def _comes(probe: Callable[[], Awaitable[bool]], *, expected: bool) -> bool:
    """Wait for what is expected to come; look once at what is not, when all before it has arrived."""
    if not expected:
        return await probe()
    return await eventually(probe, seconds=PATIENCE, what="the effect")


EFFECTS: dict[str, Any] = {
    "rejectCall": calls_are_rejected_and_answered,
    "groupsIgnore": groups_are_ignored,
    "alwaysOnline": it_is_always_online,
    "readMessages": messages_are_read,
    "readStatus": posts_come_and_are_read,
}


@pytest.fixture(scope="module")
def found(brisk: Deployment) -> dict[str, list[bool]]:
    """Try every setting, side by side: on at creation, off, on again."""
    return asyncio.run(_try_all(brisk))


async def _try_all(deployment: Deployment) -> dict[str, list[bool]]:
    async with (
        PomboClient(deployment) as client,
        Phones(lambda: deployment.simulator) as phones,
        WebhookReceiver() as receiver,
    ):
        tried = await asyncio.gather(*(_try(client, phones, receiver, setting) for setting in EFFECTS))
        return dict(zip(EFFECTS, tried, strict=True))


async def _try(client: PomboClient, phones: Phones, receiver: WebhookReceiver, setting: str) -> list[bool]:
    account = Account(fresh_name("set"), fresh_number(), fresh_number(), phones, receiver)
    created = await client.create(account.name, webhook=receiver.url, **(OFF | {setting: True}))
    assert await phones.scan(account.number, created["qrcode"]["code"])
    await client.wait_for(account.name, "open", seconds=PATIENCE)
    logins = (await phones.device(account.number)).logins
    seen = [await EFFECTS[setting](account, expected=True)]
    for value in (False, True):
        answer = await client.call("POST", f"/settings/set/{account.name}", OFF | {setting: value})
        assert answer.status_code == 201, answer.text
        seen.append(await EFFECTS[setting](account, expected=value))
    assert (await phones.device(account.number)).logins == logins, "it needed another connection"
    return seen


@pytest.mark.parametrize("setting", EFFECTS)
def test_a_setting_holds_from_creation_and_changes_live(found: dict[str, list[bool]], setting: str) -> None:
    assert found[setting] == [True, False, True]


@pytest.mark.asyncio
async def test_the_full_history_is_told_only_when_it_was_asked_for(
    brisk: Deployment, receiver: WebhookReceiver
) -> None:
    async with PomboClient(brisk) as client, Phones(lambda: brisk.simulator) as phones:

        async def told(*, full: bool) -> set[str]:
            name, number = fresh_name("history"), fresh_number()
            created = await client.create(name, webhook=receiver.url, syncFullHistory=full)
            await phones.remember(number, "recent", "older")
            assert await phones.scan(number, created["qrcode"]["code"])
            await client.wait_for(name, "open", seconds=PATIENCE)
            account = Account(name, number, fresh_number(), phones, receiver)

            def texts() -> set[str]:
                sets: list[list[dict[str, Any]]] = [each.body["data"] for each in receiver.of(name, "messages.set")]
                return {message["message"]["conversation"] for told in sets for message in told}

            await eventually(
                lambda: texts() >= ({"recent", "older"} if full else {"recent"}), seconds=PATIENCE, what="it"
            )
            assert receiver.of(name, "messages.set")[-1].body["progress"] == 100
            await account.heard("", expected=False)
            return texts()

        everything, lately = await asyncio.gather(told(full=True), told(full=False))
        assert (everything, lately) == ({"recent", "older"}, {"recent"})
