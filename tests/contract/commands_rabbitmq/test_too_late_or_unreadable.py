"""What is not carried out: commands that come too late, and bodies that are none."""

import msgspec
import pytest
import pytest_asyncio

from tests.contract.commands_rabbitmq.conftest import Pool

pytestmark = pytest.mark.asyncio

CREATE = {"id": "late", "type": "instance.create", "instance": "shop", "integration": "WHATSAPP-BAILEYS"}
NEXT = CREATE | {"id": "next", "instance": "next"}
LONG_AGO = 1_000


async def nothing_was_done(pool: Pool) -> None:
    """Carry out another command, which comes after whatever was there, and look for the first one's effect."""
    assert (await pool.ask(NEXT))["ok"]
    assert await pool.store.instance("shop") is None


@pytest_asyncio.fixture
async def working(pool: Pool) -> Pool:
    """Return a pool with a worker."""
    await pool.add_worker()
    return pool


async def test_after_its_deadline_it_is_refused_for_good(working: Pool) -> None:
    first = await working.ask(CREATE | {"notAfter": LONG_AGO})
    assert (first["id"], first["ok"]) == ("late", False)
    assert (first["error"]["status"], first["error"]["code"]) == (408, "too_late")
    # Another deadline makes no other command of it.
    assert await working.ask(CREATE) == first
    await working.add_worker()
    assert await working.ask(CREATE) == first
    await nothing_was_done(working)


async def test_a_deadline_goes_before_an_expiration(working: Pool) -> None:
    assert (await working.ask(CREATE | {"notAfter": LONG_AGO}, expiration=60))["error"]["code"] == "too_late"
    await nothing_was_done(working)


async def test_what_expired_before_a_worker_took_it_is_never_done(pool: Pool) -> None:
    await pool.send(CREATE, expiration=0.05)
    body, reason = await pool.dead_letter()
    assert (msgspec.json.decode(body), reason) == (CREATE, "expired")
    await pool.add_worker()
    await nothing_was_done(pool)


async def test_a_command_without_expiration_waits_for_a_worker(pool: Pool) -> None:
    await pool.send(CREATE)
    await pool.add_worker()
    assert (await pool.reply())["ok"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"qrcode": "yes"}, "qrcode must be true or false, got a string"),
        ({"notAfter": "soon"}, "notAfter must be a whole number or null, got a string"),
        ({"webhook": {"events": [7]}}, "webhook.events[0] must be text, got a number"),
        ({"type": "instance.fly"}, "type is not one of the accepted words"),
        ({"instance": None}, "instance must be text, got null"),
    ],
)
async def test_a_field_of_the_wrong_type_is_refused_by_its_name(
    working: Pool, wrong: dict[str, object], message: str
) -> None:
    refused = {"id": "late", "ok": False, "error": {"status": 400, "code": "invalid", "message": [message]}}
    assert await working.ask(CREATE | wrong) == refused
    assert await working.ask(CREATE | wrong) == refused
    # With nobody to tell, it is kept for a person, with the same words.
    await working.send(CREATE | wrong, reply_to="")
    body, reason = await working.dead_letter()
    assert (msgspec.json.decode(body), reason) == (CREATE | wrong, message)
    # A mistake does not use up the id.
    assert (await working.ask(CREATE))["ok"]


async def test_a_value_that_is_not_accepted_is_refused_by_its_name(working: Pool) -> None:
    refused = await working.ask(CREATE | {"number": "12"})
    assert (refused["error"]["status"], refused["error"]["code"]) == (400, "bad_number")
    assert refused["error"]["message"][0].startswith("number must be")
    await nothing_was_done(working)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "the request body is not valid JSON: Input data was truncated"),
        (b"\xff", "the request body is not valid JSON: JSON is malformed: invalid character (byte 0)"),
        (b'{"id":"\xff"}', "type is required"),
        (b"[]", "the request body must be an object, got an array"),
        (b'{"type":"instance.delete","instance":"shop"}', "id is required"),
        (b'{"type":"instance.delete","instance":"shop","id":7}', "id must be text, got a number"),
    ],
)
async def test_what_no_reply_could_be_about_goes_to_the_dead_letters(working: Pool, body: bytes, reason: str) -> None:
    await working.client.send(working.prefix, body)
    assert await working.dead_letter() == (body, reason)
    await nothing_was_done(working)
