"""Reads all dead letters of an instance, of which its destinations together may have more than a Store hands out."""

from pombo_common.ports.deliveries import DEAD_LIMIT, Parked
from pombo_common.ports.store import Store


async def all_dead_letters(store: Store, name: str, instance_id: str) -> list[Parked]:
    """Return the dead letters of an instance, without bodies, the oldest first.

    Raises:
        StoreUnavailable: they cannot be read now.
    """
    every: list[Parked] = []
    place: int | None = 0
    while place is not None:
        letters = await store.dead_letters(name, instance_id, place, DEAD_LIMIT)
        every += letters
        place = letters[-1].place if len(letters) == DEAD_LIMIT else None
    return every
