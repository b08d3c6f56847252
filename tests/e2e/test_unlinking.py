"""A linked device that is not connected, and is logged out."""

import pytest

from tests.support.deployment import Deployment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually

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

        async def unlinked() -> bool:
            return number not in await phones.devices()

        await eventually(unlinked, what="the device is unlinked")
