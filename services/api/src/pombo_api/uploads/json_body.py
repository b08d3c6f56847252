"""A JSON body whose `media` may hold base64 of any size: the body goes to a file, and its media to another."""

import base64
import binascii
import mmap
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from pombo_api.message_bodies import CONTENTS, unwrapped
from pombo_api.uploads.upload import Upload, nameless_file, size_of
from pombo_common.foreign_json import decode_foreign, parse_foreign
from pombo_common.model.errors import PomboError
from pombo_common.model.media import DATA_URI_HEAD, data_uri_type, is_url, no_media

ADDRESS_BYTES = 8192
"""What is longer than this is no address."""

WINDOW = 1024 * 1024
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


def read_json_upload(body: BinaryIO) -> Upload:
    """Take a body apart; blocks, for a thread.

    Raises:
        PomboError: 400 when it is no JSON object, or its media is neither an address nor base64.
    """
    if size_of(body) == 0:
        return Upload(fields={})
    # It is not closed here: what is parsed looks into it, and the last of that takes it along.
    view = memoryview(mmap.mmap(body.fileno(), 0, access=mmap.ACCESS_READ))
    try:
        return _upload(view)
    except msgspec.ValidationError:
        raise PomboError(400, "invalid", "the request body must be an object") from None
    except msgspec.DecodeError:
        raise PomboError(400, "malformed_json", "the request body is not valid JSON") from None


def _upload(view: memoryview) -> Upload:
    fields, media = _parsed(view)
    if media is None:
        return Upload(fields=fields)
    text = memoryview(media)
    if bytes(text[:1]) != b'"':
        return Upload(fields=fields | {"media": parse_foreign(text)})
    if len(text) <= ADDRESS_BYTES:
        given = decode_foreign(text, _TEXT)
        if is_url(given):
            return Upload(fields=fields | {"media": given})
    return Upload(fields=_typed(fields, text[1:-1]), file=_content(text[1:-1]))


def _typed(fields: dict[str, Any], text: memoryview) -> dict[str, Any]:
    """Add the type that a data URI tells, unless the body names one."""
    head = bytes(text[:DATA_URI_HEAD]).replace(b"\\/", b"/").decode(errors="replace")
    told = data_uri_type(head)
    return fields if told is None or unwrapped(fields).get("mimetype") else fields | {"mimetype": told}


def _content(text: memoryview) -> BinaryIO:
    file = nameless_file()
    try:
        for chunk in _base64(text):
            file.write(chunk)
        file.flush()
    except BaseException:
        file.close()
        raise
    return file


def _parsed(view: memoryview) -> tuple[dict[str, Any], msgspec.Raw | None]:
    """Parse all members but `media`, which also stands inside version 1's `mediaMessage`."""
    members = decode_foreign(view, _MEMBERS)
    media = members.pop("media", None)
    fields: dict[str, Any] = {}
    for name, raw in members.items():
        if name not in CONTENTS or bytes(memoryview(raw)[:1]) != b"{":
            fields[name] = parse_foreign(raw)
            continue
        inner = decode_foreign(raw, _MEMBERS)
        media = media or inner.pop("media", None)
        fields[name] = {member: parse_foreign(value) for member, value in inner.items()}
    return fields, None if media is None or bytes(memoryview(media)) == b"null" else media


def _base64(text: memoryview) -> Iterator[bytes]:
    """Decode the inside of a JSON string, which some clients write with escaped slashes and line ends."""
    start = bytes(text[:DATA_URI_HEAD])
    begin = start.index(b",") + 1 if start[:5].lower() == b"data:" and b"," in start else 0
    kept = b""
    for at in range(begin, len(text), WINDOW):
        window = kept + bytes(text[at : at + WINDOW])
        kept = b"\\" if window.endswith(b"\\") else b""
        clean = window.removesuffix(kept) if kept else window
        clean = clean.replace(b"\\/", b"/").replace(b"\\n", b"").replace(b"\\r", b"").translate(None, b" ")
        whole = len(clean) - len(clean) % 4 if at + WINDOW < len(text) else len(clean)
        kept = clean[whole:] + kept
        try:
            yield base64.b64decode(clean[:whole], validate=True)
        except (binascii.Error, ValueError):
            raise no_media() from None
