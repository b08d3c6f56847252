"""Messages to send."""

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from pombo_api.answers import json_answer
from pombo_api.auth import caller_of, instance_key
from pombo_api.message_bodies import unwrapped
from pombo_api.openapi.operation import Operation, described
from pombo_api.requests import command_id, read_json
from pombo_api.routes.dependencies import GivenParts
from pombo_common.model.messages import MessageText, SentMessage, TextFields
from pombo_common.model.validation_messages import validated

AnyRequest = Request[Any, Any, Any]

SEND_SECONDS = 30.0
"""How long a request waits for a message to leave, its own delay apart."""


@post(
    "/message/sendText/{instance:str}",
    guards=[instance_key],
    opt=described(
        Operation(
            tag="message",
            body=TextFields,
            answer=SentMessage,
            status=201,
            command=True,
            numbers=True,
            refusals=(404,),
        )
    ),
)
async def send_text(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Send a text to a phone or a group."""
    caller_of(request).instance()
    fields = validated(unwrapped(await read_json(request, empty={})), TextFields)
    command = MessageText(id=command_id(request), instance=instance, **msgspec.structs.asdict(fields))
    result = await parts.commands.send(command, seconds=SEND_SECONDS + fields.delay / 1000)
    return json_answer(result, 201)
