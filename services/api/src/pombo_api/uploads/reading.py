"""Reads a request for media: JSON, or a form with a `file` part."""

import asyncio
from typing import Any, BinaryIO

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile

from pombo_api.requests import check_json_type
from pombo_api.uploads.json_body import read_json_upload
from pombo_api.uploads.upload import CHUNK, Upload, nameless_file, size_of
from pombo_common.foreign_json import parse_foreign
from pombo_common.model.errors import PomboError
from pombo_common.model.media import no_media, telling, too_large

AnyRequest = Request[Any, Any, Any]

MIB = 1024 * 1024
ENVELOPE = MIB
"""What a body may hold beside its media."""

STRUCTURED = frozenset({"delay", "quoted", "mentioned", "mentionsEveryOne", "options"})
"""Parts of a form that hold JSON; every other one is a text."""


def body_limit(limit_mb: int) -> int:
    """Return the largest body in which media of so many MiB can come: in base64, escaped a little."""
    return limit_mb * MIB * 3 // 2 + ENVELOPE


async def read_upload(request: AnyRequest, limit_mb: int) -> Upload:
    """Read the body.

    Raises:
        PomboError: 400, 413 or 415.
        HTTPException: 413 when the body as a whole is too large.
    """
    form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
    upload = await _form(request) if form else await _json(request)
    size = 1 if upload.file is None else size_of(upload.file)
    if not 0 < size <= limit_mb * MIB:
        upload.close()
        raise too_large(limit_mb) if size else no_media()
    return upload


async def _json(request: AnyRequest) -> Upload:
    check_json_type(request)
    with nameless_file() as body:
        async for chunk in request.stream():
            body.write(chunk)
        body.flush()
        return await asyncio.to_thread(read_json_upload, body)


async def _form(request: AnyRequest) -> Upload:
    try:
        form = await request.form()
    except (UnicodeError, LookupError):
        raise PomboError(400, "malformed_form", "the texts of the form must be in UTF-8") from None
    fields: dict[str, Any] = {}
    file: BinaryIO | None = None
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            fields[name] = _value(name, value)
        elif file is None:
            file = await asyncio.to_thread(_copied, value)
            fields.setdefault("fileName", value.filename or None)
            fields.setdefault("mimetype", _told_type(value))
    await form.close()
    return Upload(fields=fields, file=file)


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    if name not in STRUCTURED or not isinstance(value, str):
        return value
    try:
        return parse_foreign(value)
    except msgspec.DecodeError:
        raise PomboError(400, "malformed_json", f"{name} is not valid JSON") from None


def _told_type(part: UploadFile) -> str | None:
    """Return the type that a part tells; one without a type has that of a text, which nobody told."""
    told = any(name.lower() == "content-type" for name in part.headers)
    return telling(part.content_type) if told else None


def _copied(part: UploadFile) -> BinaryIO:
    """Return a part as a file of its own; the form's is closed with the form."""
    file = nameless_file()
    part.file.seek(0)
    while chunk := part.file.read(CHUNK):
        file.write(chunk)
    file.flush()
    return file
