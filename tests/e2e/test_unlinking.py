"""Linked devices that are logged out while they are not connected, or only seem to be."""

import pytest

from tests.support.deployment import Deployment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number

pytestmark = pytest.mark.asyncio

PATIENCE = 120.0


async def test_a_device_that_is_not_connected_is_unlinked_by_a_logout(brisk: Deployment) -> None:
    name, number = fresh_name("unlink"), fresh_number()
    async with PomboClient(brisk) as client, Phones(lambda: brisk.simulator) as phones:
        created = await client.create(name)
        assert await phones.scan(number, created["qrcode"]["code"])
        await client.wait_for(name, "open", seconds=PATIENCE)
        await phones.fault(number, "replaced")
        await client.wait_for(name, "close", seconds=PATIENCE)
        answer = await client.call("DELETE", f"/instance/logout/{name}")
        assert answer.json()["response"]["message"] == "Instance logged out"
        assert number not in await phones.devices()


async def test_a_device_whose_connection_is_dead_unnoticed_is_unlinked_by_a_logout(brisk: Deployment) -> None:
    name, number = fresh_name("dead"), fresh_number()
    async with PomboClient(brisk) as client, Phones(lambda: brisk.simulator) as phones:
        created = await client.create(name)
        assert await phones.scan(number, created["qrcode"]["code"])
        await client.wait_for(name, "open", seconds=PATIENCE)
        await phones.fault(number, "deaf")
        answer = await client.call("DELETE", f"/instance/logout/{name}")
        assert answer.json()["response"]["message"] == "Instance logged out"
        assert number not in await phones.devices()
