"""Messages to send."""

import asyncio
from typing import Any, BinaryIO

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from pombo_api.answers import json_answer
from pombo_api.application.parts import Parts
from pombo_api.auth import caller_of, instance_key
from pombo_api.bodies import MediaForm
from pombo_api.message_bodies import unwrapped
from pombo_api.openapi.operation import send_operation
from pombo_api.requests import command_id, read_message
from pombo_api.routes.dependencies import GivenParts
from pombo_api.uploads.reading import read_upload
from pombo_api.uploads.upload import Upload, digest_of
from pombo_common.model.errors import PomboError
from pombo_common.model.media import is_url, name_of, no_media
from pombo_common.model.messages import MediaFields, MessageMedia, MessageText, SentMessage, StoredMedia, TextFields
from pombo_common.model.validation_messages import validated

AnyRequest = Request[Any, Any, Any]

SEND_SECONDS = 30.0
"""How long a request waits for a message to leave, its own delay apart."""

MEDIA_SECONDS = 120.0
"""The same with media, which is fetched and uploaded first."""

STILL_RUNNING = ("in_progress", "outcome_unknown")


@post(
    "/message/sendText/{instance:str}",
    guards=[instance_key],
    opt=send_operation(TextFields, SentMessage),
)
async def send_text(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Send a text to a phone or a group."""
    caller_of(request).instance()
    fields = await read_message(request, TextFields)
    command = MessageText(id=command_id(request), instance=instance, **msgspec.structs.asdict(fields))
    result = await parts.commands.send(command, seconds=SEND_SECONDS + fields.delay / 1000)
    return json_answer(result, 201)


@post(
    "/message/sendMedia/{instance:str}",
    guards=[instance_key],
    opt=send_operation(MediaFields, SentMessage, form=MediaForm),
)
async def send_media(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Send a picture, video, sound or document, by its address, as base64, or as a form's part named `file`."""
    caller_of(request).instance()
    command = command_id(request)
    upload = await read_upload(request, parts.config.media_limit_mb)
    try:
        fields = validated(unwrapped(upload.fields), MediaFields)
        name_of(fields, source="url" if upload.file is None else "bytes")
        if upload.file is None and not is_url(fields.media or ""):
            raise no_media()
        return json_answer(await _send(parts, instance, command, fields, upload), 201)
    finally:
        upload.close()


async def _send(parts: Parts, instance: str, command: str, fields: MediaFields, upload: Upload) -> Any:  # noqa: ANN401 - as send
    """Send media, its content laid where a worker finds it; it is removed once nobody needs it any more."""
    stored = None if upload.file is None else await _shelved(parts, instance, command, upload.file)
    members = msgspec.structs.asdict(fields) | ({} if stored is None else {"media": None})
    media = MessageMedia(id=command, instance=instance, stored=stored, **members)
    needed = False
    try:
        return await parts.commands.send(media, seconds=MEDIA_SECONDS + fields.delay / 1000)
    except PomboError as error:
        needed = error.info.code in STILL_RUNNING
        raise
    finally:
        if stored is not None and not needed:
            await parts.shelf.drop(instance, stored)


async def _shelved(parts: Parts, instance: str, command: str, file: BinaryIO) -> StoredMedia:
    """Keep the content for the worker, under an id that the same command with other content does not have."""
    digest = await asyncio.to_thread(digest_of, file)
    return await parts.shelf.put(instance, f"{command}-{parts.vault.fingerprint(digest.encode())[:32]}", file, digest)
