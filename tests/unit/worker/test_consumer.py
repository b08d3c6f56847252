"""Commands from the Bus: at most one effect, equal replies, one at a time for each instance."""

from typing import Any

import msgspec
import pytest

from pombo_common.model.commands import InstanceCreate, InstanceDelete
from pombo_common.ports.bus import Again, Done, Request, Unreadable
from pombo_common.ports.changes import Change, Verdict
from pombo_common.ports.records import CommandRecord
from pombo_common.sealing import command_fingerprints, seal_command
from pombo_common.vault import Vault
from tests.unit.worker.commanding import answer, decoded, give
from tests.unit.worker.world import World
from tests.unit.worker.world_building import WORLD_KEY, build_world

pytestmark = pytest.mark.asyncio

NEW_KEY = b"n" * 32
CREATE = InstanceCreate(id="c1", instance="shop", integration="WHATSAPP-BAILEYS")


async def test_the_same_command_twice_has_one_effect_and_equal_replies(world: World) -> None:
    first = await answer(world, CREATE)
    again = await answer(world, CREATE)
    other_deadline = await answer(world, msgspec.structs.replace(CREATE, not_after=world.clock.now + 1_000_000))
    assert first["ok"] is True
    assert first == again == other_deadline
    assert [len(change.events) for change in world.store.applied] == [1]


async def test_a_refusal_is_given_again_as_well(world: World) -> None:
    await answer(world, CREATE)
    twin = msgspec.structs.replace(CREATE, id="c2")
    first = await answer(world, twin)
    assert (first["ok"], first["error"]["status"], first["error"]["code"]) == (False, 403, "name_taken")
    # It stands even when it would be possible by now.
    await answer(world, InstanceDelete(id="d1", instance="shop"))
    assert await answer(world, twin) == first


async def test_the_same_id_with_another_body_is_a_conflict_without_effect(world: World) -> None:
    await answer(world, CREATE)
    reply = await answer(world, InstanceDelete(id="c1", instance="shop"))
    assert (reply["error"]["status"], reply["error"]["code"]) == (409, "idempotency_conflict")
    assert await world.store.instance("shop") is not None


@pytest.mark.parametrize("given", ["notAfter", "expiration"])
async def test_a_command_that_comes_too_late_never_starts(world: World, given: str) -> None:
    late = msgspec.structs.replace(CREATE, not_after=world.clock.now - 1) if given == "notAfter" else CREATE
    expires = None if given == "notAfter" else 0.0
    world.clock.advance(1)
    reply = await answer(world, late, expires_in=expires)
    assert (reply["error"]["status"], reply["error"]["code"]) == (408, "too_late")
    assert await world.store.instance("shop") is None
    # Nor does it when its deadline is moved afterwards.
    assert (await answer(world, CREATE))["error"]["code"] == "too_late"


async def test_a_command_that_was_cancelled_never_starts(world: World) -> None:
    await world.store.open_command("shop", "c1", "whatever", 60)
    await world.store.cancel_command("shop", "c1")
    assert (await answer(world, CREATE))["ok"] is False
    assert await world.store.instance("shop") is None


UNREADABLE = {
    b"{": "the request body is not valid JSON: Input data was truncated",
    b'{"id":"\xe9","type":"instance.delete","instance":"a"}': (
        "the request body is not valid JSON: a text in it is not UTF-8"
    ),
    b'{"id":"x","type":"instance.delete","instance":"a","deep":' + b"[" * 100_000: (
        "the request body is not valid JSON: it is nested too deeply"
    ),
    b"[]": "the request body must be an object, got an array",
    b'{"type":"instance.delete","instance":"a"}': "id is required",
    b'{"type":"instance.delete","id":"a b","instance":"a"}': "id: Expected `str` matching regex '^[A-Za-z0-9._:-]+$'",
}
REFUSED = {
    b'{"id":"x","type":"instance.fly","instance":"a"}': "type is not one of the accepted words",
    b'{"id":"x","type":"' + b"fly" * 50_000 + b'","instance":"a"}': "type is not one of the accepted words",
    b'{"id":"x","type":"chat.presence","instance":"a","number":"1","presence":"p"}': (
        "presence is not one of the accepted words"
    ),
    b'{"id":"x","type":"instance.delete","instance":"S\xe3o Paulo"}': (
        "the request body is not valid JSON: a text in it is not UTF-8"
    ),
    b'{"id":"x","instance":"a"}': "type is required",
    b'{"id":"x","type":"instance.delete"}': "instance is required",
    b'{"id":"x","type":"instance.create","instance":"a","qrcode":"yes"}': "qrcode must be true or false, got a string",
    b'{"id":"x","type":"instance.delete","instance":"a","notAfter":' + b"9" * 300 + b"}": (
        "notAfter must be at most 9007199254740992"
    ),
    b'{"id":"x","type":"webhook.set","instance":"a","webhook":{"events":[1]}}': (
        "webhook.events[0] must be text, got a number"
    ),
}


@pytest.mark.parametrize("body", UNREADABLE)
@pytest.mark.parametrize("answerable", [True, False])
async def test_what_nobody_can_be_told_of_goes_to_the_dead_letters(
    world: World, body: bytes, *, answerable: bool
) -> None:
    disposition = await world.consumer.handle(Request(body=body, answerable=answerable))
    assert disposition == Unreadable(reason=UNREADABLE[body])


@pytest.mark.parametrize("body", REFUSED)
async def test_what_is_no_command_but_has_an_id_is_refused_by_its_field(world: World, body: bytes) -> None:
    disposition = await world.consumer.handle(Request(body=body))
    assert isinstance(disposition, Done)
    assert decoded(disposition.reply) == {
        "id": "x",
        "ok": False,
        "error": {"status": 400, "code": "invalid", "message": [REFUSED[body]]},
    }
    # Without a caller the reason stands beside the letter.
    unasked = await world.consumer.handle(Request(body=body, answerable=False))
    assert unasked == Unreadable(reason=REFUSED[body])


async def test_what_another_key_sealed_cannot_be_read(world: World) -> None:
    foreign = seal_command(CREATE, Vault([b"x" * 32]))
    disposition = await world.consumer.handle(Request(body=foreign))
    assert isinstance(disposition, Done)
    refused = decoded(disposition.reply)
    assert (refused["id"], refused["ok"], refused["error"]["status"], refused["error"]["code"]) == (
        "c1",
        False,
        500,
        "sealed",
    )
    unasked = await world.consumer.handle(Request(body=foreign, answerable=False))
    assert unasked == Unreadable(reason="a key is missing from POMBO_ENCRYPTION_KEY")
    sealed = await world.consumer.handle(Request(body=seal_command(CREATE, world.vault)))
    assert isinstance(sealed, Done)


async def test_a_rotation_of_the_keys_leaves_commands_what_they_were(world: World) -> None:
    first = await answer(world, CREATE)
    assert first["ok"] is True
    for keys in ([WORLD_KEY, NEW_KEY], [NEW_KEY, WORLD_KEY]):
        worker = build_world(world.store, world.clock, keys=keys)
        assert await answer(worker, CREATE) == first
        assert (await answer(worker, InstanceDelete(id="c1", instance="shop")))["error"]["status"] == 409


async def test_an_outcome_that_was_sealed_with_a_missing_key_is_told_as_such(world: World) -> None:
    rotated = build_world(world.store, world.clock, keys=[NEW_KEY, WORLD_KEY])
    (before,) = command_fingerprints(CREATE, world.vault)
    await world.store.open_command("shop", "c1", before, 60)
    assert (await answer(rotated, CREATE))["ok"] is True
    assert (await answer(world, CREATE))["error"]["code"] == "sealed"


async def test_a_store_that_is_away_puts_the_command_back(world: World) -> None:
    world.store.away = 1
    assert await give(world, CREATE) == Again()
    assert (await answer(world, CREATE))["ok"] is True


async def test_a_lost_answer_repeats_no_effect(world: World) -> None:
    world.store.lost_answers = 1
    assert await give(world, CREATE) == Again()
    reply = await answer(world, CREATE)
    assert reply["ok"] is True
    assert reply["result"]["instanceId"] == (await world.stored()).instance.id
    assert len(world.store.applied) == 1


async def test_an_older_try_of_the_same_command_can_no_longer_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply, other = world.store.apply, CommandRecord(id="c1", fingerprint="", not_after=world.clock.now + 60_000)

    async def overtaken(name: str, change: Change) -> Any:  # noqa: ANN401 - what the real step returns
        record = await world.store.command("shop", "c1")
        assert record is not None
        again = msgspec.structs.replace(other, fingerprint=record.fingerprint)
        await world.store.start_command("shop", again, "another try")
        return await apply(name, change)

    monkeypatch.setattr(world.store, "apply", overtaken)
    assert await give(world, CREATE) == Again()
    assert await world.store.instance("shop") is None
    assert world.store.verdicts == [Verdict.SUPERSEDED]
