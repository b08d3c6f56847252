"""`message.text` and `message.media`: sent at most once, whatever becomes of this worker."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
import structlog

from pombo_common.model.commands import Reply
from pombo_common.model.errors import PomboError
from pombo_common.model.messages import MessageMedia, MessageText, SentMessage
from pombo_common.model.recipients import Target, mentioned, target
from pombo_common.ports.changes import Attempt, Change
from pombo_common.ports.store import StoreUnavailable
from pombo_common.sealing import seal_reply
from pombo_worker.commands.context import Commands
from pombo_worker.commands.reaching import at_hand, not_connected, not_sent
from pombo_worker.commands.waits import in_turn
from pombo_worker.engines.sending import File, NoRecipient, NotSent, Outgoing, Sent, Text
from pombo_worker.engines.unavailable import EngineUnavailable
from pombo_worker.sessions.messages import sent_payload
from pombo_worker.sessions.owned import Owned

FIRST_PAUSE = 0.2
LAST_PAUSE = 2.0
ID_DIGITS = 18

T = TypeVar("T")


async def send_text(commands: Commands, command: MessageText, attempt: Attempt) -> Reply:
    """Send a text.

    Raises:
        PomboError: 400, 404, or 503 when nothing was sent.
        Superseded: another try of the same command went on.
    """
    if not command.text.strip():
        raise PomboError(400, "bad_text", "Text is required")
    to = target(command.number)
    return await deliver(commands, command, attempt, to, Text(command.text))


async def send_media(commands: Commands, command: MessageMedia, attempt: Attempt) -> Reply:
    """Send a picture, video, sound or document.

    Raises:
        PomboError: 400, 404, 413, or 503 when nothing was sent.
        StoreUnavailable: before anything was sent.
        Superseded: another try of the same command went on.
    """
    to = target(command.number)
    await at_hand(commands, command.instance)
    async with commands.media.file(command) as file:
        return await deliver(commands, command, attempt, to, file)


async def deliver(
    commands: Commands, command: MessageText | MessageMedia, attempt: Attempt, to: Target, content: Text | File
) -> Reply:
    """Hand a message to WhatsApp once its delay is over, then record it with its event in one step.

    Raises:
        PomboError: 400, 404, or 503 when nothing was sent.
        Superseded: another try of the same command went on.
    """
    mentions = mentioned(command.mentioned or [])
    instance_id = (await at_hand(commands, command.instance)).instance_id
    await _type(commands, command, to)
    outgoing = Outgoing(
        id=message_id(instance_id, command.id),
        to=to,
        content=content,
        mentions=mentions,
        mentions_every_one=command.mentions_every_one,
        quoted=command.quoted,
    )
    async with in_turn(commands, command):
        # Whatever was done to the instance while it waited.
        owned = await at_hand(commands, command.instance)
        if owned.instance_id != instance_id:
            raise not_connected(command.instance)
        return await _relay(commands, command, attempt, owned, outgoing)


async def _type(commands: Commands, command: MessageText | MessageMedia, to: Target) -> None:
    """Show in the chat that somebody types, for the command's delay.

    Raises:
        PomboError: 400 when there is no such recipient.
    """
    if not command.delay:
        return
    recording = isinstance(command, MessageMedia) and command.mediatype == "audio"
    owned = await at_hand(commands, command.instance)
    try:
        await owned.session.connection.show_in_chat(to, "recording" if recording else "composing", command.delay)
    except NoRecipient as error:
        raise not_sent(command.instance, error, to) from None
    except EngineUnavailable as error:
        # The connection went away, and there may be another one by now: that is for the message to find out.
        structlog.get_logger().info("message.not_typed", instance=owned.instance_id, why=error.code)


async def _relay(
    commands: Commands, command: MessageText | MessageMedia, attempt: Attempt, owned: Owned, outgoing: Outgoing
) -> Reply:
    with owned.session.outbox.sending(outgoing.id):
        try:
            sent = await owned.session.connection.send(outgoing)
        except NotSent as error:
            raise not_sent(command.instance, error, outgoing.to) from None
        except EngineUnavailable as error:
            structlog.get_logger().warning("message.unknown", instance=owned.instance_id, why=error.code)
            return await unknown(commands, command, attempt)
        return await _record(commands, command, attempt, owned, outgoing, sent)


async def unknown(commands: Commands, command: MessageText | MessageMedia, attempt: Attempt) -> Reply:
    """Record that nobody knows whether a message was sent; it will not be sent again.

    Raises:
        Superseded: another try of the same command went on.
    """
    error = PomboError(
        504,
        "unknown",
        "It is not known whether the message was sent, and it will not be sent again: what sent it ended meanwhile",
    )
    reply = Reply(id=command.id, ok=False, error=error.info)
    await _firmly(lambda: commands.answer_only(command.instance, attempt, reply))
    return reply


def message_id(instance_id: str, command_id: str) -> str:
    """Return the WhatsApp id of a command's message, of the form that WhatsApp Web gives its own."""
    digest = hashlib.sha256(f"{instance_id}/{command_id}".encode()).hexdigest()
    return "3EB0" + digest[:ID_DIGITS].upper()


async def _record(
    commands: Commands,
    command: MessageText | MessageMedia,
    attempt: Attempt,
    owned: Owned,
    outgoing: Outgoing,
    sent: Sent,
) -> Reply:
    """Write event, outcome and the copy for devices that cannot read it. It has left, so no lease is asked for."""
    message = msgspec.convert(sent_payload(sent.message, owned.instance_id), SentMessage)
    reply = Reply(id=command.id, ok=True, result=message)
    event = commands.events.make(owned.instance_id, "send.message", message, owned.session.owner_jid)
    change = Change(
        instance_id=owned.instance_id,
        attempt=attempt,
        keys=(owned.session.outbox.entry(outgoing.id, sent.encoded),),
        events=(event,),
        outcome=seal_reply(reply, commands.vault),
    )
    await _firmly(lambda: commands.commit(command.instance, change))
    return reply


async def _firmly(step: Callable[[], Awaitable[T]]) -> T:
    """Repeat a step until the Store answers: what it records cannot be made undone."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await step()
        except StoreUnavailable:
            await asyncio.sleep(pause)
            pause = min(LAST_PAUSE, 2 * pause)
