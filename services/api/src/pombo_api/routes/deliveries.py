"""Deliveries: what became of events, dead letters, sending again, the log itself, and trying a webhook."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from pombo_api.answers import json_answer
from pombo_api.application.commands import CHANGE_SECONDS
from pombo_api.application.deliveries import Deliveries
from pombo_api.application.delivery_rows import STATES, DeadLetterPage, DeliveryPage
from pombo_api.application.event_rows import EventsAnswer, event_answer
from pombo_api.auth import caller_of, global_key, instance_key
from pombo_api.openapi.operation import Operation, Parameter, described
from pombo_api.requests import command_id, query_value
from pombo_api.routes.dependencies import GivenParts
from pombo_common.model.deliveries import DeliveryResend, Resent, WebhookTest, WebhookTested
from pombo_common.model.errors import PomboError, unknown_instance
from pombo_common.model.validation_messages import validated

AnyRequest = Request[Any, Any, Any]

LIMIT = 50
MOST = 100
LARGEST_SEQ = 2**53

_LIMIT = Parameter(f"How many at most, {LIMIT} when left out.", {"type": "integer", "minimum": 1, "maximum": MOST})
_CURSOR = Parameter("As the page before gave it.")


@get(
    "/deliveries/{instance:str}",
    guards=[instance_key],
    opt=described(
        Operation(
            tag="delivery",
            answer=DeliveryPage,
            query={
                "state": Parameter("Only those in this state.", {"type": "string", "enum": list(STATES)}),
                "destination": Parameter("Only those to this one, `webhook` for example."),
                "limit": _LIMIT,
                "cursor": _CURSOR,
            },
            refusals=(400, 404),
        )
    ),
)
async def list_deliveries(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """Answer what became of the instance's events at each of its destinations."""
    instance = caller_of(request).instance().instance
    page = await Deliveries(parts.store, parts.vault).page(
        instance.name,
        instance.id,
        state=query_value(request, "state"),
        destination=query_value(request, "destination"),
        limit=_number(request, "limit", LIMIT, 1, MOST),
        cursor=query_value(request, "cursor"),
    )
    return json_answer(page)


@get(
    "/dead-letters",
    guards=[global_key],
    opt=described(
        Operation(tag="delivery", answer=DeadLetterPage, query={"limit": _LIMIT, "cursor": _CURSOR}, refusals=(400,))
    ),
)
async def list_dead_letters(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """Answer what was given up, of all instances, those included that were deleted in the last 72 h."""
    page = await Deliveries(parts.store, parts.vault).dead_letters(
        limit=_number(request, "limit", LIMIT, 1, MOST), cursor=query_value(request, "cursor")
    )
    return json_answer(page)


@post(
    "/deliveries/{instance:str}/{event_id:str}/resend",
    guards=[instance_key],
    opt=described(
        Operation(
            tag="delivery",
            answer=Resent,
            status=201,
            query={
                "destination": Parameter("To this one alone; else to all that it was due to."),
                "instanceId": Parameter("Of a deleted instance; with the global key."),
            },
            command=True,
            refusals=(400, 404, 409, 410),
        )
    ),
)
async def resend(
    request: AnyRequest, instance: FromPath[str], event_id: FromPath[str], parts: GivenParts
) -> Response[bytes]:
    """Send an event again, now: a dead letter, one that waits for its next try, or one that was delivered."""
    caller = caller_of(request)
    instance_id = query_value(request, "instanceId")
    if caller.stored is None and not (caller.everywhere and instance_id):
        raise unknown_instance(instance)
    if caller.stored is not None and instance_id in (None, caller.stored.instance.id):
        instance_id = None
    elif not caller.everywhere:
        raise unknown_instance(instance)
    fields = {"id": command_id(request), "instance": instance, "event": event_id, "instanceId": instance_id}
    command = validated(fields | {"destination": query_value(request, "destination")}, DeliveryResend)
    result = await parts.commands.send(command, seconds=CHANGE_SECONDS)
    return json_answer(msgspec.convert(result, Resent), 201)


@get(
    "/events/{instance:str}",
    guards=[instance_key],
    opt=described(
        Operation(
            tag="delivery",
            answer=EventsAnswer,
            query={
                "after": Parameter("Only those behind this seq.", {"type": "integer", "minimum": 0}),
                "limit": _LIMIT,
            },
            refusals=(400, 404),
        )
    ),
)
async def list_events(request: AnyRequest, parts: GivenParts) -> Response[bytes]:
    """Answer a part of the instance's log, which keeps its last 10,000 events."""
    instance = caller_of(request).instance().instance
    after = _number(request, "after", 0, 0, LARGEST_SEQ)
    logged = await parts.store.events(instance.name, instance.id, after, _number(request, "limit", LIMIT, 1, MOST))
    events = [event_answer(event, instance.id, parts.vault) for event in logged]
    return json_answer(EventsAnswer(events=events, after=events[-1].seq if events else after))


@post(
    "/webhook/test/{instance:str}",
    guards=[instance_key],
    opt=described(Operation(tag="delivery", answer=WebhookTested, status=201, command=True, refusals=(400, 404))),
)
async def test_webhook(request: AnyRequest, instance: FromPath[str], parts: GivenParts) -> Response[bytes]:
    """Send a sample event to the instance's webhook, and answer what the receiver said."""
    caller_of(request).instance()
    command = WebhookTest(id=command_id(request), instance=instance)
    seconds = CHANGE_SECONDS + parts.config.webhook_timeout_ms / 1000
    return json_answer(msgspec.convert(await parts.commands.send(command, seconds=seconds), WebhookTested), 201)


def _number(request: AnyRequest, name: str, otherwise: int, least: int, most: int) -> int:
    """Return a whole number of the query.

    Raises:
        PomboError: 400.
    """
    text = query_value(request, name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise PomboError(400, "invalid", f"{name} must be a whole number from {least} to {most}")
    return int(text)
