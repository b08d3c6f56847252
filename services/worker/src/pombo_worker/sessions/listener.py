"""What every connection of ours wants of its listener: happenings in their order, Signal keys in the Store."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from pombo_worker.engines.port import Closed, Happening
from pombo_worker.sessions.material import Material
from pombo_worker.sessions.patience import Patience


class Inbox:
    """What happened and was not taken yet, in its order.

    Attributes:
        patience: how long what is in it may wait for what belongs inside an event.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.patience = Patience()
        self._queue: asyncio.Queue[Happening] = asyncio.Queue()

    def put(self, happening: Happening) -> None:
        """Queue what happened."""
        self._queue.put_nowait(happening)
        if isinstance(happening, Closed):
            self.patience.end()

    async def get(self) -> Happening:
        """Take the next, waiting for it."""
        if self._queue.empty():
            self.patience.renew()
        happening = await self._queue.get()
        if isinstance(happening, Closed):
            # The last word on its connection: what follows belongs to the next one.
            self.patience.renew()
        return happening


class MaterialListener:
    """The part of the engine's Listener that does not depend on what the connection is for."""

    def __init__(self, material: Material) -> None:
        """Keep keys and journal with this material."""
        self._material = material
        self._inbox = Inbox()

    def happened(self, happening: Happening) -> None:
        """Queue what happened; it is taken in order."""
        self._inbox.put(happening)

    async def load_keys(self, key_type: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Return the Signal keys that exist."""
        return await self._material.keys(key_type, ids)

    async def save_keys(
        self, entries: Sequence[tuple[str, str, str | None]], journal: tuple[str, dict[str, Any]] | None
    ) -> None:
        """Store Signal keys and the journal entry of a decrypted message in one step."""
        await self._material.save_keys(entries, journal)
