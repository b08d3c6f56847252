"""Test-mode instances: the simulated phone scans, a simulated contact writes."""

import uuid
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from pombo_api.answers import json_answer
from pombo_api.application.parts import Parts
from pombo_api.application.waiting import Deadline, scannable, wait_for_open
from pombo_api.auth import caller_of, instance_key
from pombo_api.requests import read_body
from pombo_api.routes.dependencies import GivenDialect, GivenParts
from pombo_common.model.create import Number
from pombo_common.model.errors import PomboError, unknown_instance
from pombo_common.model.instance import Instance
from pombo_common.model.settings import Line, Text
from pombo_common.model.validation import SANDBOX, check_number
from pombo_common.ports.records import StoredInstance
from pombo_common.sandbox import SandboxPhones

AnyRequest = Request[Any, Any, Any]

OPEN_SECONDS = 10.0
"""How long a scan waits for the session to open."""


class ScanBody(msgspec.Struct):
    """Body of a scan; no number: the instance's own, else one made from its id."""

    number: Number | None = None


class MessageBody(msgspec.Struct, kw_only=True, rename="camel"):
    """Body of a message from a contact."""

    sender: Number = msgspec.field(name="from")
    text: Text
    push_name: Line | None = None


@post("/sandbox/{instance:str}/scan", guards=[instance_key], status_code=200)
async def scan(
    request: AnyRequest, instance: FromPath[str], parts: GivenParts, dialect: GivenDialect
) -> Response[bytes]:
    """Let the simulated phone scan the instance's QR code, and answer the state once it is open."""
    phones = _phones(parts)
    stored = _sandbox_instance(request)
    body = await read_body(request, ScanBody, empty={})
    number = check_number(body.number) or stored.instance.number or made_number(stored.instance)
    qr = await scannable(parts.store, stored.shown)
    if qr is None:
        raise PomboError(409, "no_qr", f'The "{instance}" instance shows no QR code now; call connect first')
    await phones.scan(_digits(number), qr.code)
    live = await wait_for_open(parts.store, instance, stored.instance.id, Deadline(OPEN_SECONDS))
    if live is None:
        raise unknown_instance(instance)
    return json_answer(dialect.state(instance, live.state))


@post("/sandbox/{instance:str}/message", guards=[instance_key], status_code=200)
async def message(
    request: AnyRequest, instance: FromPath[str], parts: GivenParts, dialect: GivenDialect
) -> Response[bytes]:
    """Let a simulated contact send a text to the instance's account."""
    phones = _phones(parts)
    stored = _sandbox_instance(request)
    body = await read_body(request, MessageBody)
    sender = _contact(body.sender)
    if stored.live.owner_jid is None:
        raise PomboError(409, "not_linked", f'The "{instance}" instance is not linked; scan its QR code first')
    await phones.message(_digits(sender), _digits(stored.live.owner_jid), body.text, body.push_name)
    return json_answer(dialect.state(instance, stored.shown.state))


def made_number(instance: Instance) -> str:
    """Return digits that belong to this instance, always the same."""
    return f"1555{uuid.UUID(instance.id).int % 10**8:08d}"


def _sandbox_instance(request: AnyRequest) -> StoredInstance:
    stored = caller_of(request).instance()
    if stored.instance.integration != SANDBOX:
        raise PomboError(400, "not_sandbox", f'The "{stored.instance.name}" instance is not {SANDBOX}')
    return stored


def _phones(parts: Parts) -> SandboxPhones:
    if parts.sandbox is None:
        raise NotFoundException
    return SandboxPhones(parts.sandbox)


def _contact(number: str | int) -> str:
    """Check the number of a contact.

    Raises:
        PomboError: 400, naming the field as the client knows it.
    """
    try:
        checked = check_number(number)
    except PomboError as error:
        message = [text.replace("number", "from", 1) for text in error.info.message]
        raise PomboError(400, error.info.code, *message) from None
    if checked is None:
        raise PomboError(400, "bad_number", "from is required: the digits of the contact's number")
    return checked


def _digits(number: str) -> str:
    return number.partition("@")[0].partition(":")[0]
