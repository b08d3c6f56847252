"""The data folder of embedded mode: locked by one process, private, with the keys that were generated into it."""

import fcntl
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import IO

from pombo_common.vault import new_key

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


class FolderInUse(Exception):  # noqa: N818 - reads as the state it names
    """Another process works in this folder."""


class DataFolder:
    """One folder with everything that embedded mode keeps."""

    def __init__(self, path: Path) -> None:
        """Name the folder; `lock` makes and takes it."""
        self.path = path
        self._lock: IO[str] | None = None

    def lock(self) -> None:
        """Make the folder and keep others out for as long as this process lives.

        Raises:
            FolderInUse: another Pombo runs on it.
            OSError: it cannot be made or written.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        lock = (self.path / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise FolderInUse(str(self.path)) from None
        self._lock = lock

    def api_key(self) -> str:
        """Return the global key, generated at the first start."""
        return self._kept("api-key", lambda: secrets.token_urlsafe(24))

    def encryption_key(self) -> str:
        """Return the encryption key, generated at the first start."""
        return self._kept("encryption-key", new_key)

    def sandbox_key(self) -> str:
        """Return the simulator's control key, generated at the first start."""
        return self._kept("sandbox-key", lambda: secrets.token_urlsafe(24))

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        """Read a kept secret; one that is missing is written whole or not at all."""
        path = self.path / name
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w") as file:
                file.write(make() + "\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)
        return path.read_text().strip()
