"""Test-mode instances: the simulated phone scans, types a code and unlinks; a simulated contact writes and calls."""

import uuid
from typing import Any

from litestar import Request, Response, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from pombo_api.answers import json_answer
from pombo_api.application.parts import Parts
from pombo_api.application.waiting import Deadline, scannable, wait_for_state
from pombo_api.auth import caller_of, instance_key
from pombo_api.bodies import CallBody, MessageBody, PairBody, ScanBody
from pombo_api.openapi.operation import Operation, described
from pombo_api.requests import read_body
from pombo_api.routes.dependencies import GivenDialect, GivenParts
from pombo_common.model.errors import PomboError, unknown_instance
from pombo_common.model.instance import Instance, State
from pombo_common.model.phones import check_number, check_pairing_code
from pombo_common.model.validation import SANDBOX
from pombo_common.ports.records import StoredInstance
from pombo_common.sandbox import SandboxPhones

AnyRequest = Request[Any, Any, Any]

STATE_SECONDS = 10.0
"""How long a scan, a code or an unlinking waits for the session to follow."""


def _opt(body: Any = None, *, body_required: bool = True) -> dict[str, Any]:  # noqa: ANN401 - a type
    refusals = (400, 404, 409, 410)
    return described(
        Operation(tag="sandbox", body=body, body_required=body_required, answer="state", refusals=refusals)
    )


@post(
    "/sandbox/{instance:str}/scan",
    guards=[instance_key],
    status_code=200,
    opt=_opt(ScanBody, body_required=False),
)
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
    return json_answer(dialect.state(instance, await _reached(parts, stored, "open")))


@post("/sandbox/{instance:str}/pair", guards=[instance_key], status_code=200, opt=_opt(PairBody))
async def pair(
    request: AnyRequest, instance: FromPath[str], parts: GivenParts, dialect: GivenDialect
) -> Response[bytes]:
    """Type a pairing code on the simulated phone for which it was asked, and answer the state once it is open."""
    phones = _phones(parts)
    stored = _sandbox_instance(request)
    code = check_pairing_code((await read_body(request, PairBody, empty={})).code)
    if code is None:
        raise PomboError(400, "bad_code", "code is required: the 8 characters that connect answered")
    number = stored.shown.pairing_number
    if number is None:
        raise PomboError(
            409, "no_pairing_code", f'The "{instance}" instance shows no pairing code now; connect with a number first'
        )
    await phones.pair(_digits(number), code)
    return json_answer(dialect.state(instance, await _reached(parts, stored, "open")))


@post("/sandbox/{instance:str}/unlink", guards=[instance_key], status_code=200, opt=_opt())
async def unlink(
    request: AnyRequest, instance: FromPath[str], parts: GivenParts, dialect: GivenDialect
) -> Response[bytes]:
    """Let the simulated phone remove its linked devices, and answer the state once it is closed."""
    phones = _phones(parts)
    stored = _sandbox_instance(request)
    await phones.unlink(_owner(stored))
    return json_answer(dialect.state(instance, await _reached(parts, stored, "close")))


@post("/sandbox/{instance:str}/message", guards=[instance_key], status_code=200, opt=_opt(MessageBody))
async def message(
    request: AnyRequest, instance: FromPath[str], parts: GivenParts, dialect: GivenDialect
) -> Response[bytes]:
    """Let a simulated contact send a text to the instance's account."""
    phones = _phones(parts)
    stored = _sandbox_instance(request)
    body = await read_body(request, MessageBody, empty={})
    sender = _contact(body.sender)
    await phones.message(_digits(sender), _owner(stored), body.text, body.push_name)
    return json_answer(dialect.state(instance, stored.shown.state))


@post("/sandbox/{instance:str}/call", guards=[instance_key], status_code=200, opt=_opt(CallBody))
async def call(
    request: AnyRequest, instance: FromPath[str], parts: GivenParts, dialect: GivenDialect
) -> Response[bytes]:
    """Let a simulated contact call the instance's account."""
    phones = _phones(parts)
    stored = _sandbox_instance(request)
    body = await read_body(request, CallBody, empty={})
    caller = _contact(body.sender)
    await phones.call(_digits(caller), _owner(stored), is_video=body.is_video)
    return json_answer(dialect.state(instance, stored.shown.state))


def made_number(instance: Instance) -> str:
    """Return digits that belong to this instance, always the same."""
    return f"1555{uuid.UUID(instance.id).int % 10**8:08d}"


async def _reached(parts: Parts, stored: StoredInstance, state: State) -> State:
    """Wait for the session to follow what the phone did; return the state it is in then.

    Raises:
        PomboError: 404 when the instance was deleted meanwhile.
    """
    name, instance_id = stored.instance.name, stored.instance.id
    live = await wait_for_state(parts.store, name, instance_id, Deadline(STATE_SECONDS), state=state)
    if live is None:
        raise unknown_instance(name)
    return live.state


def _sandbox_instance(request: AnyRequest) -> StoredInstance:
    stored = caller_of(request).instance()
    if stored.instance.integration != SANDBOX:
        raise PomboError(400, "not_sandbox", f'The "{stored.instance.name}" instance is not {SANDBOX}')
    return stored


def _phones(parts: Parts) -> SandboxPhones:
    if parts.sandbox is None:
        raise NotFoundException
    return SandboxPhones(parts.sandbox)


def _owner(stored: StoredInstance) -> str:
    """Return the digits of the account.

    Raises:
        PomboError: 409 when the instance is not linked.
    """
    if stored.live.owner_jid is None or not stored.live.paired:
        name = stored.instance.name
        raise PomboError(409, "not_linked", f'The "{name}" instance is not linked; scan its QR code first')
    return _digits(stored.live.owner_jid)


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
