"""Refusals of commands that are not carried out, and what is refused before anything is looked up."""

import msgspec

from pombo_common.foreign_json import decode_foreign
from pombo_common.model.commands import CommandId, InstanceConnect, InstanceCreate, PlainCommand, Reply
from pombo_common.model.errors import PomboError
from pombo_common.model.phones import check_pairing_code, check_pairing_number
from pombo_common.model.validation_messages import BODY, sentence
from pombo_common.ports.bus import Disposition, Done, Request, Unreadable
from pombo_common.ports.records import Start
from pombo_common.sealing import open_reply
from pombo_common.vault import SealBroken, Vault
from pombo_worker.commands.context import Commands, refusal
from pombo_worker.commands.create import checked


class Named(msgspec.Struct):
    """All that a body must have for a reply to be about it."""

    id: CommandId


_NAMED = msgspec.json.Decoder(Named)


def sealed() -> PomboError:
    """Say that this worker cannot open what another one has sealed (500)."""
    return PomboError(500, "sealed", "a key is missing from POMBO_ENCRYPTION_KEY")


def no_capacity() -> PomboError:
    """Say that nobody can run one more session (503)."""
    return PomboError(503, "no_capacity", "no worker has room for another session at the moment")


def failed() -> PomboError:
    """Say that something went wrong that nobody foresaw (500)."""
    return PomboError(500, "internal", "the command failed for a reason that Pombo logged")


def not_started(command: PlainCommand, start: Start, vault: Vault) -> Reply:
    """Return the reply for a command that is done already, came too late, or reuses an id."""
    if start.verdict == "finished" and start.record.outcome is not None:
        try:
            return open_reply(command.id, start.record.outcome, vault)
        except SealBroken:
            return refusal(command, sealed())
    if start.verdict == "conflict":
        return refusal(
            command, PomboError(409, "idempotency_conflict", "this command id was used before with another body")
        )
    return refusal(command, PomboError(408, "too_late", "the command was not started in time, and will not be started"))


def is_bad(commands: Commands, command: PlainCommand) -> bool:
    """Tell whether a field of a command that starts a session is not accepted, whoever has room for one.

    Whatever the check comes to but a pass, the command's handler comes to as well, and its caller hears of it there.
    """
    try:
        if isinstance(command, InstanceCreate):
            checked(commands, command)
        elif isinstance(command, InstanceConnect):
            check_pairing_number(command.number)
            check_pairing_code(command.code)
    except Exception:  # noqa: BLE001 - see above
        return True
    return False


def refused_unread(request: Request, error: msgspec.DecodeError | SealBroken) -> Disposition:
    """Answer what is no command but has an id and a caller who waits; the rest is for a person to look at."""
    why = _why_unread(error)
    command_id = _id_of(request.body) if request.answerable else None
    if command_id is None:
        return Unreadable(reason=" ".join(why.info.message))
    # It is not recorded: nothing was begun, and the same body is refused alike each time.
    return Done(reply=msgspec.json.encode(Reply(id=command_id, ok=False, error=why.info)))


def _why_unread(error: msgspec.DecodeError | SealBroken) -> PomboError:
    if isinstance(error, SealBroken):
        return sealed()
    if isinstance(error, msgspec.ValidationError):
        return PomboError(400, "invalid", sentence(str(error)))
    return PomboError(400, "invalid", f"{BODY} is not valid JSON: {error}")


def _id_of(body: bytes) -> str | None:
    try:
        return decode_foreign(body, _NAMED).id
    except msgspec.DecodeError:
        return None
