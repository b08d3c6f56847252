"""Commands and outcomes in their sealed form, and the fingerprint that tells two bodies under one id apart."""

import msgspec

from pombo_common.foreign_json import decode_foreign
from pombo_common.model.commands import Command, PlainCommand, Reply, SealedCommand
from pombo_common.model.events import EventBody
from pombo_common.model.messages import MessageMedia
from pombo_common.vault import Vault

_COMMANDS = msgspec.json.Decoder(Command)
_PLAIN = msgspec.json.Decoder(PlainCommand)
_REPLIES = msgspec.json.Decoder(Reply)
_EVENTS = msgspec.json.Decoder(EventBody)


def seal_command(command: PlainCommand, vault: Vault) -> bytes:
    """Return the JSON that the API publishes: id, name and deadline in clear, the rest sealed."""
    box = vault.seal(msgspec.json.encode(command), f"command/{command.id}")
    outer = SealedCommand(id=command.id, instance=command.instance, not_after=command.not_after, box=box)
    return msgspec.json.encode(outer)


def read_command(body: bytes, vault: Vault) -> PlainCommand:
    """Read a command from the Bus, sealed or not.

    Raises:
        msgspec.ValidationError: it is no command; the message names the field.
        msgspec.DecodeError: it is no JSON, or none that can be read.
        SealBroken: it was sealed with a key that we do not have.
    """
    command: Command = decode_foreign(body, _COMMANDS)
    if isinstance(command, SealedCommand):
        plain: PlainCommand = decode_foreign(vault.open(command.box, f"command/{command.id}"), _PLAIN)
        return plain
    return command


def command_fingerprints(command: PlainCommand, vault: Vault) -> list[str]:
    """Return the keyed hashes of what a command asks for, whatever its deadline: one for each key, in their order.

    Who recorded the command before may have had the keys in another order.
    """
    asked = msgspec.structs.replace(command, not_after=None)
    if isinstance(asked, MessageMedia) and asked.stored is not None:
        # Where the media lies is named by the first key as well; what was sent is told by its digest.
        asked.stored = msgspec.structs.replace(asked.stored, id="")
    return vault.fingerprints(msgspec.json.encode(asked))


def seal_reply(reply: Reply, vault: Vault) -> bytes:
    """Return a reply in the form in which its command's record keeps it."""
    return vault.seal(msgspec.json.encode(reply), f"outcome/{reply.id}")


def open_reply(command_id: str, outcome: bytes, vault: Vault) -> Reply:
    """Open a kept reply.

    Raises:
        SealBroken: sealed with a key that we do not have.
    """
    return _REPLIES.decode(vault.open(outcome, f"outcome/{command_id}"))


def seal_event(body: EventBody, instance_id: str, event_id: str, vault: Vault) -> bytes:
    """Return an event's body in the form in which the log keeps it."""
    return vault.seal(msgspec.json.encode(body), f"{instance_id}/event/{event_id}")


def open_event(sealed: bytes, instance_id: str, event_id: str, vault: Vault) -> EventBody:
    """Open a logged event's body.

    Raises:
        SealBroken: sealed with a key that we do not have.
    """
    return _EVENTS.decode(vault.open(sealed, f"{instance_id}/event/{event_id}"))
