"""Blobs: parts that are kept for a while."""

import pytest

from pombo_common.ports.store import Store
from tests.contract.store.examples import EVERY_BYTE
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


async def test_a_blob_is_what_was_put_until_it_is_dropped(store: Store) -> None:
    large = EVERY_BYTE * 4096
    await store.put_blob("a", "b1", 0, large, 60)
    await store.put_blob("a", "b1", 1, b"", 60)
    await store.put_blob("a", "b2", 0, b"other", 60)
    await store.put_blob("b", "b1", 0, b"another's", 60)
    assert await store.blob("a", "b1", 0) == large
    assert await store.blob("a", "b1", 1) == b""
    assert await store.blob("a", "b1", 2) is None
    await store.put_blob("a", "b1", 0, b"anew", 60)
    assert await store.blob("a", "b1", 0) == b"anew"
    await store.drop_blob("a", "b1", 2)
    await store.drop_blob("a", "b1", 2)
    assert [await store.blob("a", "b1", part) for part in (0, 1)] == [None, None]
    assert await store.blob("a", "b2", 0) == b"other"
    assert await store.blob("b", "b1", 0) == b"another's"


async def test_a_blob_runs_out_by_itself(store: Store) -> None:
    await store.put_blob("a", "short", 0, b"x", 0.2)
    await store.put_blob("a", "long", 0, b"y", 60)

    async def gone() -> bool:
        return await store.blob("a", "short", 0) is None

    await eventually(gone, what="the blob to run out")
    assert await store.blob("a", "long", 0) == b"y"
