"""Names and keys: one winner for a name, and no way in without a key."""

import asyncio
from collections import Counter

import pytest

from tests.support.pombo_client import PomboClient, fresh_name, fresh_number

pytestmark = pytest.mark.asyncio

AT_ONCE = 50
ROUTES = (
    ("POST", "/instance/create"),
    ("GET", "/instance/fetchInstances"),
    ("GET", "/instance/connect/nobody"),
    ("GET", "/instance/connectionState/nobody"),
    ("DELETE", "/instance/delete/nobody"),
    ("POST", "/webhook/set/nobody"),
    ("GET", "/webhook/find/nobody"),
    ("POST", "/sandbox/nobody/scan"),
    ("POST", "/sandbox/nobody/message"),
    ("GET", "/commands/nobody/1"),
)


async def test_of_fifty_simultaneous_creates_one_wins_and_its_instance_works(client: PomboClient) -> None:
    name = fresh_name("rush")
    answers = await asyncio.gather(*(client.try_create(name) for _ in range(AT_ONCE)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 403: AT_ONCE - 1}
    (winner,) = [answer.json() for answer in answers if answer.status_code == 201]
    assert winner["qrcode"]["code"]
    listed = await client.call("GET", f"/instance/fetchInstances?instanceName={name}")
    assert [item["instance"]["instanceId"] for item in listed.json()] == [winner["instance"]["instanceId"]]
    await client.scan(name, fresh_number())


@pytest.mark.parametrize("key", ["", "wrong"])
async def test_without_the_right_key_every_route_answers_401(client: PomboClient, key: str) -> None:
    for method, path in ROUTES:
        answer = await client.call(method, path, {} if method == "POST" else None, key=key)
        assert answer.status_code == 401, path
        assert (answer.json()["status"], answer.json()["error"]) == (401, "Unauthorized")


async def test_a_token_opens_its_own_instance_alone(client: PomboClient) -> None:
    mine, other = fresh_name("mine"), fresh_name("other")
    token = (await client.create(mine, qrcode=False))["hash"]["apikey"]
    await client.create(other, qrcode=False)
    assert (await client.call("GET", f"/instance/connectionState/{mine}", key=token)).status_code == 200
    assert (await client.call("GET", f"/instance/connectionState/{other}", key=token)).status_code == 401
    listed = await client.call("GET", "/instance/fetchInstances", key=token)
    assert [item["instance"]["instanceName"] for item in listed.json()] == [mine]
