"""While POMBO_ENCRYPTION_KEY is rotated, one process after the other, a command stays the command that it was."""

import base64
from pathlib import Path

import httpx
import pytest

from tests.contract.api.real import GLOBAL, Real, running

pytestmark = pytest.mark.asyncio

OLD, NEW = b"o" * 32, b"n" * 32
HALFWAY, ROTATED = (OLD, NEW), (NEW, OLD)
MEDIA = {"number": "15557770001", "mediatype": "image", "media": base64.b64encode(b"picture").decode()}


async def created(real: Real) -> httpx.Response:
    """Create an instance, always under the same key."""
    body = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS"}
    return await real.client.post("/instance/create", json=body, headers=GLOBAL | {"Idempotency-Key": "k1"})


async def sent(real: Real, **changed: str) -> httpx.Response:
    """Send media over an instance that is not connected, always under the same key."""
    headers = GLOBAL | {"Idempotency-Key": "k2"}
    return await real.client.post("/message/sendMedia/a", json=MEDIA | changed, headers=headers)


@pytest.mark.parametrize(("keys", "worker_keys"), [(ROTATED, HALFWAY), (HALFWAY, ROTATED)])
async def test_api_and_worker_may_have_the_keys_in_another_order(
    tmp_path: Path, keys: tuple[bytes, ...], worker_keys: tuple[bytes, ...]
) -> None:
    async with running(tmp_path, keys=keys, worker_keys=worker_keys) as real:
        answers = [await created(real), await created(real)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


async def test_a_repetition_after_a_rotation_gets_the_first_answer(tmp_path: Path) -> None:
    async with running(tmp_path, keys=[OLD]) as real:
        first, media = await created(real), await sent(real)
    assert (first.status_code, media.status_code) == (201, 400)
    for keys in (HALFWAY, ROTATED):
        async with running(tmp_path, keys=keys) as real:
            assert (await created(real)).json() == first.json()
            assert (await sent(real)).json() == media.json()
            other = await sent(real, media=base64.b64encode(b"another").decode())
            assert other.status_code == 409


async def test_what_a_removed_key_sealed_is_listed_with_a_note(tmp_path: Path) -> None:
    webhook = {"enabled": True, "url": "http://127.0.0.1:9/hook"}
    async with running(tmp_path, keys=[OLD]) as real:
        await real.create("a", qrcode=False, webhook=webhook)
        (before,) = (await real.ask("GET", "/events/a")).json()["events"]
    assert "note" not in before
    async with running(tmp_path, keys=[NEW], worker_keys=[OLD]) as real:
        events = await real.ask("GET", "/events/a")
        pages = [
            await real.ask("GET", f"/deliveries/a{query}") for query in ("", "?state=held", "?destination=webhook")
        ]
    assert events.status_code == 200, events.text
    (event,) = events.json()["events"]
    assert "POMBO_ENCRYPTION_KEY" in event.pop("note")
    assert event == before | {"data": None}
    for page in pages:
        assert page.status_code == 200, page.text
    assert [(row["id"], row["destination"]) for row in pages[0].json()["deliveries"]] == [(before["id"], "webhook")]
