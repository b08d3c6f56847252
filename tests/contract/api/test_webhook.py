"""Setting and finding the webhook."""

import pytest

from tests.contract.api.conftest import GLOBAL, Api

pytestmark = pytest.mark.asyncio


async def test_it_is_null_until_it_is_set(api: Api) -> None:
    await api.create("a")
    answer = await api.client.get("/webhook/find/a", headers=GLOBAL)
    assert (answer.status_code, answer.content) == (200, b"null")


@pytest.mark.parametrize("wrapped", [True, False])
async def test_set_answers_what_find_finds(api: Api, wrapped: bool) -> None:  # noqa: FBT001 - both spellings
    created = await api.create("a")
    webhook = {"enabled": True, "url": "http://127.0.0.1:9/x", "headers": {"x-a": "1"}, "byEvents": True}
    webhook |= {"events": ["CONNECTION_UPDATE", "GROUPS_UPDATE"]}
    body = {"webhook": webhook} if wrapped else webhook
    answer = await api.client.post("/webhook/set/a", json=body, headers=GLOBAL)
    assert answer.status_code == 201
    assert answer.json() == {
        "id": "w1",
        "url": "http://127.0.0.1:9/x",
        "headers": {"x-a": "1"},
        "enabled": True,
        "events": ["CONNECTION_UPDATE", "GROUP_UPDATE"],
        "webhookByEvents": True,
        "webhookBase64": False,
        "secrets": ["whsec_" + "A" * 32],
        "createdAt": "2023-11-14T22:13:20.123Z",
        "updatedAt": "2023-11-14T22:13:20.123Z",
        "instanceId": created["instance"]["instanceId"],
    }
    assert (await api.client.get("/webhook/find/a", headers=GLOBAL)).json() == answer.json()


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, ["webhook is required: an object with url, enabled and events"]),
        ([], ["webhook is required: an object with url, enabled and events"]),
        ({"webhook": None}, ["webhook is required: an object with url, enabled and events"]),
        ({"webhook": "http://x"}, ["webhook must be an object, got a string"]),
        (
            {"webhook": {"enabled": "yes", "url": 5, "events": "CALL"}},
            [
                "webhook.enabled must be true or false or null, got a string",
                "webhook.url must be text or null, got a number",
                "webhook.events must be an array or null, got a string",
            ],
        ),
        ({"webhook": {"headers": {"a": 1}}}, ["webhook.headers.* must be text, got a number"]),
        ({"webhook": {"headers": {"a" * 300: "x"}}}, ["a name in webhook.headers must have at most 255 characters"]),
        ({"url": 5}, ["url must be text or null, got a number"]),
    ],
)
async def test_what_cannot_be_used_is_named(api: Api, body: object, messages: list[str]) -> None:
    await api.create("a")
    answer = await api.client.post("/webhook/set/a", json=body, headers=GLOBAL)
    assert (answer.status_code, answer.json()["response"]["message"]) == (400, messages)
