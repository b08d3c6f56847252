"""What is sent as media, where it comes from, and what it is called."""

import mimetypes
import re
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from pombo_common.model.errors import PomboError
from pombo_common.model.messages import MediaFields, MediaType

USUAL: dict[MediaType, str] = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/ogg; codecs=opus",
    "document": "application/octet-stream",
}

OFFICE = "application/vnd.openxmlformats-officedocument"
BY_SUFFIX = {
    ".docx": f"{OFFICE}.wordprocessingml.document",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg; codecs=opus",
    ".opus": "audio/ogg; codecs=opus",
    ".pptx": f"{OFFICE}.presentationml.presentation",
    ".webp": "image/webp",
    ".xlsx": f"{OFFICE}.spreadsheetml.sheet",
}
"""What Python knows only where the system has a list of its own; of Ogg WhatsApp plays nothing but Opus."""

DATA_URI_HEAD = 512
"""What stands before a data URI's content is not longer than that."""

DATA_URI = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)(?P<rest>(;[^,;]*)*),", re.ASCII | re.IGNORECASE)


def is_url(media: str) -> bool:
    """Tell whether media is given by its address."""
    parts = _parts(media) if media[:8].lower().startswith(("http://", "https://")) else None
    return parts is not None and bool(parts.hostname)


def name_of(fields: MediaFields, *, source: Literal["url", "bytes"]) -> str:
    """Return the file's name: the given one, else the address' last part, else one of the media type.

    Raises:
        PomboError: 400 for a document without a name.
    """
    if fields.file_name:
        return fields.file_name
    parts = _parts(fields.media) if source == "url" and fields.media else None
    if parts is not None:
        last = PurePosixPath(unquote(parts.path)).name
        if last:
            return last[:255]
    if fields.mediatype == "document" and source == "bytes":
        raise PomboError(400, "bad_media", "For base64 the file name must be informed.")
    return fields.mediatype


def mimetype_of(fields: MediaFields, name: str, told: str | None = None) -> str:
    """Return the MIME type: the given one, else the data URI's, the file name's, its server's, or the usual one."""
    given = fields.mimetype or data_uri_type(fields.media or "")
    return given or _type_by(name) or telling(told) or USUAL[fields.mediatype]


def telling(mimetype: str | None) -> str | None:
    """Return a MIME type that says what something is; None for one that says only that it is bytes."""
    return None if not mimetype or "/octet-stream" in mimetype.lower() else mimetype


def data_uri_type(media: str) -> str | None:
    """Return the MIME type that stands in a data URI, of its parameters the codecs alone; None when it tells none."""
    head = DATA_URI.match(media[:DATA_URI_HEAD])
    if head is None:
        return None
    codecs = (f"; {each.strip()}" for each in head["rest"].split(";") if each.strip().lower().startswith("codecs="))
    return telling(head["type"].lower() + "".join(codecs))


def _parts(media: str) -> SplitResult | None:
    """Take an address apart; None for what is none, such as one with brackets that hold no IPv6 address."""
    try:
        return urlsplit(media)
    except ValueError:
        return None


def _type_by(name: str) -> str | None:
    return BY_SUFFIX.get(PurePosixPath(name).suffix.lower()) or telling(mimetypes.guess_type(name)[0])


def no_media() -> PomboError:
    """Say that there is neither an address nor base64 (400)."""
    return PomboError(400, "bad_media", "Owned media must be a url or base64")


def too_large(limit_mb: int) -> PomboError:
    """Say that media is larger than this installation takes (413)."""
    return PomboError(413, "too_large", f"media must have at most {limit_mb} MB (POMBO_MEDIA_LIMIT_MB)")
