"""Brings media into a file: from the Store, from base64, or from its address, within the size limit."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from pombo_common.media import MediaShelf
from pombo_common.model.errors import PomboError
from pombo_common.model.media import is_url, mimetype_of, name_of, no_media, too_large
from pombo_common.model.messages import MessageMedia
from pombo_common.networks import OutboundPolicy
from pombo_common.outbound import guarded_connector, refusal
from pombo_worker.engines.sending import File
from pombo_worker.media.spool import MediaSpool

FETCH_SECONDS = 60.0
REDIRECTS = 3
CHUNK = 256 * 1024
MIB = 1024 * 1024


class MediaSource:
    """Finds the media of commands; addresses are called only where strangers' addresses may lead."""

    def __init__(self, shelf: MediaShelf, policy: OutboundPolicy, limit_mb: int) -> None:
        """Prepare; nothing is fetched yet.

        Args:
            shelf: where the API puts what is too large for a command.
            policy: which addresses may be called.
            limit_mb: largest media, MiB.
        """
        self._shelf = shelf
        self._policy = policy
        self._limit_mb = limit_mb
        self._spool = MediaSpool()
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let go of connections and files."""
        if self._http is not None:
            await self._http.close()
        await self._spool.close()

    @asynccontextmanager
    async def file(self, command: MessageMedia) -> AsyncIterator[File]:
        """Yield a command's media as a file that is gone afterwards.

        Raises:
            PomboError: 400 naming what is wrong with it, 413 when it is too large.
            StoreUnavailable: it is in the Store, which does not answer.
        """
        from_address = command.stored is None and is_url(command.media or "")
        name = name_of(command, source="url" if from_address else "bytes")
        async with self._spool.file() as path:
            told = await self._fill(path, command, from_address=from_address)
            yield File(
                type=command.mediatype,
                path=path,
                mimetype=mimetype_of(command, name, told),
                file_name=name,
                caption=command.caption,
            )

    async def _fill(self, path: Path, command: MessageMedia, *, from_address: bool) -> str | None:
        """Write the content; returns the MIME type that its server told."""
        if command.stored is not None:
            try:
                await self._write(path, self._shelf.take(command.instance, command.stored))
            except LookupError:
                raise PomboError(400, "bad_media", "the media is not kept any more; send it again") from None
            return None
        if from_address:
            return await self._fetch(path, command.media or "")
        content = _decoded(command.media or "")
        if len(content) > self._limit_mb * MIB:
            raise too_large(self._limit_mb)
        await asyncio.to_thread(path.write_bytes, content)
        return None

    async def _fetch(self, path: Path, url: str) -> str | None:
        try:
            async with self._session().get(url, max_redirects=REDIRECTS) as answer:
                if not answer.ok:
                    raise _not_fetched(f"its server answered {answer.status}")
                if (answer.content_length or 0) > self._limit_mb * MIB:
                    raise too_large(self._limit_mb)
                await self._write(path, answer.content.iter_chunked(CHUNK))
                return answer.content_type if "Content-Type" in answer.headers else None
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _not_fetched(refusal(error) or type(error).__name__) from None

    async def _write(self, path: Path, chunks: AsyncIterator[bytes]) -> None:
        size = 0
        with await asyncio.to_thread(path.open, "wb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > self._limit_mb * MIB:
                    raise too_large(self._limit_mb)
                await asyncio.to_thread(file.write, chunk)

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=guarded_connector(self._policy),
                timeout=aiohttp.ClientTimeout(total=FETCH_SECONDS),
                auto_decompress=False,
                headers={"Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._http


def _decoded(media: str) -> bytes:
    if media[:5].lower() == "data:":
        media = media.partition(",")[2]
    try:
        content = base64.b64decode("".join(media.split()), validate=True)
    except (binascii.Error, ValueError):
        raise no_media() from None
    if not content:
        raise no_media()
    return content


def _not_fetched(why: str) -> PomboError:
    return PomboError(400, "bad_media", f"media could not be fetched: {why}")
