"""What is asked of chats: which numbers WhatsApp has, receipts, presences."""

from typing import Any

import msgspec
from litestar import Request, Response, post, route
from litestar.params import FromPath

from pombo_api.answers import json_answer
from pombo_api.auth import caller_of, instance_key
from pombo_api.bodies import ChatPresenceBody, NumbersBody, ReadBody
from pombo_api.dialects.common_shapes import PresenceAnswer
from pombo_api.openapi.operation import Operation, described, send_operation
from pombo_api.requests import command_id, read_body, read_message
from pombo_api.routes.dependencies import GivenParts
from pombo_api.routes.message import SEND_SECONDS
from pombo_common.model.messages import (
    ChatNumbers,
    ChatPresence,
    ChatRead,
    MessagesRead,
    NumberCheck,
    NumbersChecked,
)

AnyRequest = Request[Any, Any, Any]


@post(
    "/chat/whatsappNumbers/{instance:str}",
    guards=[instance_key],
    status_code=200,
    opt=described(Operation(tag="message", body=NumbersBody, answer=list[NumberCheck], command=True, refusals=(404,))),
)
async def whatsapp_numbers(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Answer which numbers WhatsApp has, in the order in which they are given."""
    caller_of(request).instance()
    body = await read_body(request, NumbersBody, empty={})
    command = ChatNumbers(id=command_id(request), instance=instance, numbers=body.numbers)
    result = await parts.commands.send(command, seconds=SEND_SECONDS)
    return json_answer(msgspec.convert(result, NumbersChecked).numbers)


@route(
    "/chat/markMessageAsRead/{instance:str}",
    http_method=["PUT", "POST"],
    guards=[instance_key],
    status_code=201,
    opt=described(
        Operation(tag="message", body=ReadBody, answer=MessagesRead, status=201, command=True, refusals=(404,))
    ),
)
async def mark_message_as_read(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Mark received messages as read; their senders see it."""
    caller_of(request).instance()
    body = await read_body(request, ReadBody, empty={})
    command = ChatRead(id=command_id(request), instance=instance, read_messages=body.read_messages)
    return json_answer(await parts.commands.send(command, seconds=SEND_SECONDS), 201)


@post(
    "/chat/sendPresence/{instance:str}",
    guards=[instance_key],
    opt=send_operation(ChatPresenceBody, PresenceAnswer),
)
async def send_presence(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Show a presence in one chat; with a delay `paused` follows after so many milliseconds."""
    caller_of(request).instance()
    body = await read_message(request, ChatPresenceBody)
    command = ChatPresence(
        id=command_id(request), instance=instance, number=body.number, presence=body.presence, delay=body.delay
    )
    result = await parts.commands.send(command, seconds=SEND_SECONDS + body.delay / 1000)
    return json_answer(result, 201)
