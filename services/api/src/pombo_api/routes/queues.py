"""The queue sinks of an instance, RabbitMQ and SQS: set and find."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from pombo_api.answers import json_answer, kept_answer
from pombo_api.application.commands import CHANGE_SECONDS
from pombo_api.application.parts import Parts
from pombo_api.auth import caller_of, instance_key
from pombo_api.bodies import RabbitmqBody, SqsBody
from pombo_api.dialects.configuration_shapes import SinkAnswer
from pombo_api.dialects.rows import sink_row
from pombo_api.openapi.operation import find_operation, set_operation
from pombo_api.requests import command_id, read_wrapped
from pombo_api.routes.dependencies import GivenParts
from pombo_common.model.commands import RabbitmqSet, SqsSet
from pombo_common.model.errors import PomboError
from pombo_common.model.settings import QueueSink, QueueSinkInput

AnyRequest = Request[Any, Any, Any]

HINT = "an object with enabled and events"


@post("/rabbitmq/set/{instance:str}", guards=[instance_key], opt=set_operation(RabbitmqBody, SinkAnswer))
async def set_rabbitmq(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Set the RabbitMQ sink: an exchange named after the instance, with a queue for each kind of event."""
    instance_id = caller_of(request).instance().instance.id
    sink = await _sink(request, "rabbitmq")
    return await _answer(parts, RabbitmqSet(id=command_id(request), instance=instance, rabbitmq=sink), instance_id)


@post("/sqs/set/{instance:str}", guards=[instance_key], opt=set_operation(SqsBody, SinkAnswer))
async def set_sqs(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Set the SQS sink: a FIFO queue for each kind of event, named after the instance."""
    instance_id = caller_of(request).instance().instance.id
    sink = await _sink(request, "sqs")
    return await _answer(parts, SqsSet(id=command_id(request), instance=instance, sqs=sink), instance_id)


@get("/rabbitmq/find/{instance:str}", guards=[instance_key], opt=find_operation(SinkAnswer | None))
async def find_rabbitmq(request: AnyRequest) -> Response[bytes]:
    """Answer the RabbitMQ sink, or null when none was set."""
    instance = caller_of(request).instance().instance
    return kept_answer(instance.rabbitmq, sink_row, instance.id)


@get("/sqs/find/{instance:str}", guards=[instance_key], opt=find_operation(SinkAnswer | None))
async def find_sqs(request: AnyRequest) -> Response[bytes]:
    """Answer the SQS sink, or null when none was set."""
    instance = caller_of(request).instance().instance
    return kept_answer(instance.sqs, sink_row, instance.id)


async def _sink(request: AnyRequest, name: str) -> QueueSinkInput:
    sink = await read_wrapped(request, name, QueueSinkInput, HINT)
    if sink.enabled is None:
        raise PomboError(400, "invalid", f"{name}.enabled is required: true or false")
    return sink


async def _answer(parts: Parts, command: RabbitmqSet | SqsSet, instance_id: str) -> Response[bytes]:
    result = await parts.commands.send(command, seconds=CHANGE_SECONDS)
    return json_answer(sink_row(msgspec.convert(result, QueueSink), instance_id), 201)
