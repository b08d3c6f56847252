"""Messages that were sent lately, for devices that could not read them: sealed in the Store, none kept in memory."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from pombo_common.ports.changes import KeyEntry
from pombo_common.ports.store import Store
from pombo_common.vault import Vault
from pombo_worker.events import now_ms

KIND = "sent-message"
PLACES = 256
"""Messages that are kept of one instance at most; a newer one may take an older one's place."""

KEPT_MS = 24 * 3600 * 1000
WAIT_SECONDS = 10.0


class Kept(msgspec.Struct):
    """What lies in a place."""

    id: str
    at: int
    message: bytes


class Outbox:
    """The messages of one instance; they lie beside its Signal keys and go with them."""

    def __init__(self, store: Store, vault: Vault, name: str, instance_id: str) -> None:
        """Keep the messages of this instance."""
        self._store = store
        self._vault = vault
        self._name = name
        self._id = instance_id
        self._leaving: dict[str, asyncio.Event] = {}

    @contextmanager
    def sending(self, message_id: str) -> Iterator[None]:
        """Say that a message is being sent; whoever asks for it meanwhile waits until it is kept."""
        over = self._leaving[message_id] = asyncio.Event()
        try:
            yield
        finally:
            del self._leaving[message_id]
            over.set()

    def entry(self, message_id: str, encoded: bytes) -> KeyEntry:
        """Return what keeps a message; it is written in the step that says that it was sent."""
        place = _place(message_id)
        kept = msgspec.msgpack.encode(Kept(id=message_id, at=now_ms(), message=encoded))
        return KeyEntry(type=KIND, id=place, body=self._vault.seal(kept, self._purpose(place)))

    async def recall(self, message_id: str) -> bytes | None:
        """Return a message's encoded content; None when it is too old, or never was.

        Raises:
            StoreUnavailable: the Store does not answer.
        """
        leaving = self._leaving.get(message_id)
        if leaving is not None:
            await asyncio.wait_for(leaving.wait(), WAIT_SECONDS)
        place = _place(message_id)
        sealed = (await self._store.keys(self._name, self._id, KIND, [place])).get(place)
        if sealed is None:
            return None
        kept = msgspec.msgpack.decode(self._vault.open(sealed, self._purpose(place)), type=Kept)
        return kept.message if kept.id == message_id and kept.at > now_ms() - KEPT_MS else None

    def _purpose(self, place: str) -> str:
        return f"{self._id}/{KIND}/{place}"


def _place(message_id: str) -> str:
    return str(int.from_bytes(hashlib.sha256(message_id.encode()).digest()[:4]) % PLACES)
