"""What deleted instances left outside stays known until somebody has cleared it away, whoever asks."""

import pytest

from pombo_common.ports.records import Footprint
from tests.contract.store.harness import StoreFactory

pytestmark = pytest.mark.asyncio

ONE = Footprint(name="shop ä", instance_id="i1", sink="rabbitmq", at=5)
OTHER = Footprint(name="shop ä", instance_id="i1", sink="sqs", at=4)


async def test_a_footprint_stays_until_it_is_dropped(store_factory: StoreFactory) -> None:
    here, there = await store_factory.open(), await store_factory.open()
    assert await here.footprints() == []
    for footprint in (ONE, OTHER, ONE):
        await here.keep_footprint(footprint)
    assert await here.footprints() == await there.footprints() == [OTHER, ONE]
    await there.drop_footprint(OTHER)
    await there.drop_footprint(OTHER)
    assert await here.footprints() == [ONE]
