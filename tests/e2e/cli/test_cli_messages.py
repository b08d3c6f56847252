"""`pombo message` against a running Pombo."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import piped
from tests.support.deployment import Deployment
from tests.support.phones import Phones
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


async def test_a_text_and_a_file_are_sent(
    deployment: Deployment, client: PomboClient, phones: Phones, tmp_path: Path
) -> None:
    env = {"POMBO_URL": deployment.address, "POMBO_KEY": deployment.key}
    name, contact = fresh_name("cli"), fresh_number()
    await client.create(name)
    await client.scan(name, fresh_number())
    status, out, _ = piped("message", "text", name, contact, "Good day", env=env)
    assert (status, out.startswith("Sent: 3EB0")) == (0, True)
    (tmp_path / "picture.png").write_bytes(b"picture")
    file = str(tmp_path / "picture.png")
    sent = json.loads(piped("message", "media", name, contact, file, "--caption", "A picture", "--json", env=env).out)
    assert sent["messageType"] == "imageMessage"

    async def both() -> list[str]:
        texts = [each.get("text") or each["media"]["caption"] for each in await phones.inbox(contact)]
        return texts if len(texts) > 1 else []

    assert await eventually(both, what="both at the contact") == ["Good day", "A picture"]
    refused = piped("message", "text", name, "12345", "Good day", env=env)
    assert (refused.status, "WhatsApp does not have this number" in refused.err) == (1, True)
    assert "there is no file" in piped("message", "media", name, contact, "/none.png", env=env).err
