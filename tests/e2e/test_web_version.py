"""The version of WhatsApp Web: looked up beside the dials, and once more when WhatsApp refuses it."""

import pytest

from tests.support.deployment import Deployment, Simulator
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.version_page import VersionPage
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

PATIENCE = 120.0


async def test_a_refused_version_is_looked_up_once_and_the_session_opens_with_the_new_one(
    brisk: Deployment, other_simulator: Simulator, version_page: VersionPage
) -> None:
    name, number = fresh_name("version"), fresh_number()
    async with PomboClient(brisk) as client, Phones(lambda: other_simulator) as phones:
        created = await client.create(name, integration="WHATSAPP-BAILEYS")
        assert await phones.scan(number, created["qrcode"]["code"])
        await client.wait_for(name, "open", seconds=PATIENCE)
        await eventually(lambda: version_page.asked == 1, seconds=PATIENCE, what="the first look-up")

        async def opened_as(version: str, logins: int) -> bool:
            device = await phones.device(number)
            return device.live == 1 and (device.version, device.logins) == (version, logins)

        async def refuse() -> None:
            await phones.fault(number, "failure", code=405)
            await phones.fault(number, "drop")

        version_page.revision += 1
        await refuse()
        wanted = version_page.version
        await eventually(lambda: opened_as(wanted, 2), seconds=PATIENCE, what="the new version")
        assert version_page.asked == 2
        version_page.revision += 1
        await refuse()
        await eventually(lambda: opened_as(wanted, 3), seconds=PATIENCE, what="a login without another look-up")
        assert version_page.asked == 2
