"""Media on its way from the API to a worker: kept in the Store for a while, in sealed parts."""

from collections.abc import AsyncIterator
from typing import BinaryIO

from pombo_common.model.messages import StoredMedia
from pombo_common.ports.store import Store
from pombo_common.vault import Vault

PART_BYTES = 512 * 1024
KEPT_SECONDS = 900.0
"""Longer than a command can wait for its start and be tried again."""


class MediaShelf:
    """Puts media there, and takes it."""

    def __init__(self, store: Store, vault: Vault) -> None:
        """Keep it in this Store, sealed by this vault."""
        self._store = store
        self._vault = vault

    async def put(self, name: str, media_id: str, file: BinaryIO, digest: str) -> StoredMedia:
        """Keep a file from its beginning.

        Args:
            name: of the instance that sends it.
            media_id: unique for this name and content.
            file: in which blocking reads are short.
            digest: of its content.
        """
        file.seek(0)
        parts = size = 0
        while chunk := file.read(PART_BYTES):
            body = self._vault.seal(chunk, _purpose(name, media_id, parts))
            await self._store.put_blob(name, media_id, parts, body, KEPT_SECONDS)
            parts += 1
            size += len(chunk)
        return StoredMedia(id=media_id, chunks=parts, size=size, digest=digest)

    async def take(self, name: str, stored: StoredMedia) -> AsyncIterator[bytes]:
        """Yield the content.

        Raises:
            LookupError: it is not there any more.
            SealBroken: sealed under a key that is no longer in the ring.
        """
        for part in range(stored.chunks):
            body = await self._store.blob(name, stored.id, part)
            if body is None:
                raise LookupError
            yield self._vault.open(body, _purpose(name, stored.id, part))

    async def drop(self, name: str, stored: StoredMedia) -> None:
        """Remove it."""
        await self._store.drop_blob(name, stored.id, stored.chunks)


def _purpose(name: str, media_id: str, part: int) -> str:
    return f"media/{name}/{media_id}/{part}"
