"""Blobs: parts of what is too large for a command, each a key of its own that runs out by itself."""

from pombo_common.adapters.redis.part import StorePart


class Blobs(StorePart):
    """Keeps and reads parts of blobs."""

    async def put_blob(self, name: str, blob: str, part: int, body: bytes, seconds: float) -> None:
        """Keep one part of a blob for so many seconds."""
        await self._database.command("SET", self._keys.blob(name, blob, part), body, "PX", max(1, int(seconds * 1000)))

    async def blob(self, name: str, blob: str, part: int) -> bytes | None:
        """Return one part of a blob."""
        body: bytes | None = await self._database.command("GET", self._keys.blob(name, blob, part))
        return body

    async def drop_blob(self, name: str, blob: str, parts: int) -> None:
        """Remove the first so many parts of a blob."""
        for part in range(parts):
            await self._database.command("UNLINK", self._keys.blob(name, blob, part))
