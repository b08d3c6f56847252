"""The profile name of an instance: its account's, and no other's."""

import msgspec
import pytest

from pombo_worker.engines.port import Account, Named, Opened
from tests.unit.worker.world import JID, World

pytestmark = pytest.mark.asyncio

ME = Account(id="5511999990000:3@s.whatsapp.net")


@pytest.mark.parametrize(("owner", "name"), [(JID, "Padaria"), ("5511777770000@s.whatsapp.net", None)])
async def test_a_name_that_was_not_told_at_the_login_is_the_old_one_of_the_same_account_only(
    world: World, owner: str, name: str | None
) -> None:
    await world.start(await world.create(paired=True, wanted=True, owner_jid=owner, profile_name="Padaria"))
    (await world.engine.dialled(1)).say(Opened(account=ME))
    live = await world.reaches(state="open")
    assert (live.owner_jid, live.profile_name) == (JID, name)


async def test_a_name_that_comes_after_the_login_is_kept_and_changes_nothing_else(world: World) -> None:
    await world.start(await world.create(paired=True, wanted=True))
    connection = await world.engine.dialled(1)
    connection.say(Opened(account=ME))
    before, writes = await world.reaches(state="open"), len(world.store.applied)
    connection.say(Named("Padaria"), Named("Padaria"), Named("Confeitaria"))
    live = await world.reaches(profile_name="Confeitaria")
    assert live == msgspec.structs.replace(before, profile_name="Confeitaria")
    changes = world.store.applied[writes:]
    assert [len(change.events) for change in changes] == [0, 0]
