"""The three requests of the documentation, typed as they stand into curl: the answers have its shapes, field for field.

WHATSAPP-BAILEYS sessions dial the simulator here (BAILEYS_SOCKET_URL); everything else is as it is for a phone.
"""

import asyncio
import json
import shutil
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.deployment import SERVER_URL, Deployment, Simulator
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient

pytestmark = pytest.mark.asyncio

CREATE = """
curl --request POST \\
  --url https://{server-url}/instance/create \\
  --header 'Content-Type: application/json' \\
  --header 'apikey: <api-key>' \\
  --data '{
    "instanceName": "my-instance",
    "integration": "WHATSAPP-BAILEYS",
    "qrcode": true,
    "number": "559999999999"
  }'
"""
FETCH = """
curl --request GET \\
  --url https://{server-url}/instance/fetchInstances \\
  --header 'apikey: <api-key>'
"""
CONNECT = """
curl --request GET \\
  --url https://{server-url}/instance/connect/{instance} \\
  --header 'apikey: <api-key>'
"""
NAME = "my-instance"
NUMBER = "559999999999"


@pytest_asyncio.fixture
async def phone(other_simulator: Simulator) -> AsyncIterator[Phones]:
    """Yield the phones of the simulator that stands in for WhatsApp itself."""
    async with Phones(lambda: other_simulator) as phones:
        yield phones


@pytest_asyncio.fixture(autouse=True)
async def afterwards(client: PomboClient) -> AsyncIterator[None]:
    """Delete the documentation's instance."""
    yield
    await client.call("DELETE", f"/instance/delete/{NAME}")


async def test_the_three_documented_requests_answer_the_documented_shapes(
    deployment: Deployment, client: PomboClient, phone: Phones
) -> None:
    status, created = await _typed(deployment, CREATE)
    assert status == 201
    instance_id, token = created["instance"]["instanceId"], created["hash"]["apikey"]
    assert str(uuid.UUID(instance_id)) == instance_id
    assert token
    shown = created.pop("qrcode")
    assert created == {
        "instance": {
            "instanceName": NAME,
            "instanceId": instance_id,
            "integration": "WHATSAPP-BAILEYS",
            "webhook_wa_business": None,
            "access_token_wa_business": "",
            "status": "created",
        },
        "hash": {"apikey": token},
        "settings": {
            "reject_call": False,
            "msg_call": "",
            "groups_ignore": False,
            "always_online": False,
            "read_messages": False,
            "read_status": False,
            "sync_full_history": False,
        },
    }
    _check_code(shown)

    status, listed = await _typed(deployment, FETCH)
    assert status == 200
    unlinked = {
        "instanceName": NAME,
        "instanceId": instance_id,
        "status": "connecting",
        "serverUrl": SERVER_URL,
        "apikey": token,
        "integration": {"integration": "WHATSAPP-BAILEYS", "token": token, "webhook_wa_business": None},
    }
    assert [item for item in listed if item["instance"]["instanceName"] == NAME] == [{"instance": unlinked}]

    status, connected = await _typed(deployment, CONNECT)
    assert status == 200
    _check_code(connected)
    assert connected["code"] == shown["code"]

    assert await phone.scan(NUMBER, connected["code"])
    await client.wait_for(NAME, "open")
    _, listed = await _typed(deployment, FETCH)
    (linked,) = [item["instance"] for item in listed if item["instance"]["instanceName"] == NAME]
    name = linked.pop("profileName")
    assert name is None or isinstance(name, str)
    assert linked == unlinked | {
        "owner": f"{NUMBER}@s.whatsapp.net",
        "profilePictureUrl": None,
        "profileStatus": None,
        "status": "open",
    }


def _check_code(shown: dict[str, Any]) -> None:
    """Check a QR code as create and connect answer it."""
    assert set(shown) == {"pairingCode", "code", "base64", "count", "expiresAt"}
    assert shown["pairingCode"] is None or len(shown["pairingCode"]) == 8
    assert len(shown["code"].split(",")) >= 4
    assert shown["base64"].startswith("data:image/png;base64,")
    assert shown["count"] == 1


async def _typed(deployment: Deployment, text: str) -> tuple[int, Any]:
    """Type a request into a shell, the placeholders filled in; returns the status and the answer's JSON."""
    assert shutil.which("curl"), "this test types the documentation's requests into curl, which is not on this machine"
    command = (
        text.strip()
        .replace("https://{server-url}", deployment.address)
        .replace("<api-key>", deployment.key)
        .replace("{instance}", NAME)
    )
    shell = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        command + " --silent --noproxy '*' --write-out '\\n%{http_code}'",
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await shell.communicate()
    body, _, status = output.decode().rpartition("\n")
    return int(status), json.loads(body)
