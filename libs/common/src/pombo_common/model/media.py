"""What is sent as media, where it comes from, and what it is called."""

import mimetypes
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import unquote, urlsplit

from pombo_common.model.errors import PomboError
from pombo_common.model.messages import MediaFields, MediaType

USUAL: dict[MediaType, str] = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/ogg; codecs=opus",
    "document": "application/octet-stream",
}


def is_url(media: str) -> bool:
    """Tell whether media is given by its address."""
    return media[:8].lower().startswith(("http://", "https://")) and bool(urlsplit(media).hostname)


def name_of(fields: MediaFields, *, source: Literal["url", "bytes"]) -> str:
    """Return the file's name: the given one, else the address' last part, else one of the media type.

    Raises:
        PomboError: 400 for a document without a name.
    """
    if fields.file_name:
        return fields.file_name
    if source == "url" and fields.media:
        last = PurePosixPath(unquote(urlsplit(fields.media).path)).name
        if last:
            return last[:255]
    if fields.mediatype == "document" and source == "bytes":
        raise PomboError(400, "bad_media", "For base64 the file name must be informed.")
    return fields.mediatype


def mimetype_of(fields: MediaFields, name: str, told: str | None = None) -> str:
    """Return the MIME type: the given one, else the file name's, else what its server told, else the usual one."""
    guessed = fields.mimetype or mimetypes.guess_type(name)[0] or told
    return guessed or USUAL[fields.mediatype]


def no_media() -> PomboError:
    """Say that there is neither an address nor base64 (400)."""
    return PomboError(400, "bad_media", "Owned media must be a url or base64")


def too_large(limit_mb: int) -> PomboError:
    """Say that media is larger than this installation takes (413)."""
    return PomboError(413, "too_large", f"media must have at most {limit_mb} MB (POMBO_MEDIA_LIMIT_MB)")
