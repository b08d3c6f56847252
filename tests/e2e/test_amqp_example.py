"""The documented plain AMQP client, run as the file stands, beside the REST API of the same Pombo."""

import asyncio
import json
import sys
from pathlib import Path
from typing import get_args

import pytest

from pombo_common.model.commands import PlainCommand
from tests.support.deployment import Deployment
from tests.support.pombo_client import PomboClient, fresh_name, fresh_number

pytestmark = pytest.mark.asyncio

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/amqp_command.py"
PAGE = ROOT / "docs/commands-over-amqp.md"
README = ROOT / "README.md"


async def run(*arguments: str) -> tuple[int | None, str, str]:
    """Run the example; returns its status and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLE), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        written, complained = await process.communicate()
    return process.returncode, written.decode(), complained.decode()


@pytest.mark.parametrize("deployment", ["apart"], indirect=True)
async def test_an_instance_from_the_queue_is_one_like_any_other(
    deployment: Deployment, client: PomboClient, amqp_url: str
) -> None:
    name = fresh_name("queued")
    status, written, complained = await run(amqp_url, name)
    assert (status, complained) == (0, "")
    reply = json.loads(written)
    assert (reply["ok"], reply["result"]["instanceName"]) == (True, name)
    listed = await client.call("GET", f"/instance/fetchInstances?instanceName={name}")
    (shown,) = [item["instance"] for item in listed.json()]
    assert (shown["instanceId"], shown["apikey"]) == (reply["result"]["instanceId"], reply["result"]["token"])
    recorded = await client.call("GET", f"/commands/{name}/{reply['id']}")
    assert (recorded.status_code, recorded.json()["ok"]) == (200, True), recorded.text
    await client.connect(name)
    await client.scan(name, fresh_number())
    status, written, _ = await run(amqp_url, name)
    refused = json.loads(written)
    assert (status, refused["ok"], refused["error"]["code"]) == (0, False, "name_taken")
    await client.delete(name)


async def test_the_page_shows_the_example_as_it_is_and_names_every_command() -> None:
    code, page = EXAMPLE.read_text(), PAGE.read_text()
    for shown in (page, README.read_text()):
        assert f"```python\n{code}```" in shown
    for command in get_args(PlainCommand):
        assert f"`{command.__struct_config__.tag}`" in page
