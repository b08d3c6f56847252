"""A request for media, read: its fields, and the file that came with it."""

import hashlib
import os
import tempfile
from typing import Any, BinaryIO

import msgspec

CHUNK = 256 * 1024


class Upload(msgspec.Struct, kw_only=True):
    """See the module.

    Attributes:
        fields: members of the body as parsed JSON, without the content.
        file: the content; None when the body held none. It has no name, and goes with its handle.
    """

    fields: dict[str, Any]
    file: BinaryIO | None = None

    def close(self) -> None:
        """Let go of the content."""
        if self.file is not None:
            self.file.close()


def nameless_file() -> BinaryIO:
    """Return an empty file that nobody else can open, and that a kill removes."""
    return tempfile.TemporaryFile()


def size_of(file: BinaryIO) -> int:
    """Return how many bytes a file holds."""
    return os.fstat(file.fileno()).st_size


def digest_of(file: BinaryIO) -> str:
    """Return the hash of a file's content."""
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
