"""A private folder of files that live for one command each."""

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

PREFIX = "pombo-media-"


class MediaSpool:
    """Makes files that only this user can read. What a killed process left behind goes with the next one's start."""

    def __init__(self) -> None:
        """Make nothing yet."""
        self._folder: Path | None = None
        self._making = asyncio.Lock()

    @asynccontextmanager
    async def file(self) -> AsyncIterator[Path]:
        """Yield the path of an empty file, gone afterwards."""
        async with self._making:
            if self._folder is None:
                self._folder = await asyncio.to_thread(_make)
        path = self._folder / uuid.uuid4().hex
        path.touch(mode=0o600)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def close(self) -> None:
        """Remove the folder."""
        folder, self._folder = self._folder, None
        if folder is not None:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _make() -> Path:
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if left.stat().st_uid == os.getuid() and not _lives(left.name.removeprefix(PREFIX).partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
