"""A session's material: when credentials count as linked, and that nothing opens in another place."""

import pytest

from pombo_common.vault import SealBroken, Vault
from pombo_worker.sessions.material import Material, is_paired
from tests.unit.worker.scripted_engine import FRESH_CREDS, PAIRED_CREDS
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    ("creds", "linked"),
    [
        (PAIRED_CREDS, True),
        (FRESH_CREDS, False),
        ("{}", False),
        ('{"me":{"id":"x"}}', False),
        ('{"me":{"id":"x"},"account":null}', False),
        ('{"account":{"details":"x"}}', False),
        ('{"me":{},"account":{}}', False),
    ],
)
async def test_credentials_are_linked_with_a_user_and_the_phones_signature(creds: str, *, linked: bool) -> None:
    assert is_paired(creds) is linked


async def test_material_written_with_one_key_is_no_ones_elses(world: World) -> None:
    stored = await world.create(paired=True)
    writer = await world.writer(stored)
    mine = Material(world.store, world.vault, writer)
    await mine.save_keys([("pre-key", "1", "a")], ("j", {"key": {"id": "1"}}))
    assert await mine.creds() == PAIRED_CREDS
    assert await mine.keys("pre-key", ["1", "2"]) == {"1": "a"}
    assert await mine.journal() == [("j", {"key": {"id": "1"}})]
    stranger = Material(world.store, Vault([b"x" * 32]), writer)
    for reading in (stranger.creds(), stranger.keys("pre-key", ["1"]), stranger.journal()):
        with pytest.raises(SealBroken):
            await reading


async def test_a_key_moved_to_another_id_does_not_open(world: World) -> None:
    stored = await world.create()
    writer = await world.writer(stored)
    mine = Material(world.store, world.vault, writer)
    await mine.save_keys([("session", "a", "ratchet of a")], None)
    (change,) = [each for each in world.store.applied if each.keys]
    moved = type(change.keys[0])(type="session", id="b", body=change.keys[0].body)
    await writer.apply(type(change)(instance_id=stored.instance.id, held=writer.held, keys=(moved,)))
    with pytest.raises(SealBroken):
        await mine.keys("session", ["b"])
