"""`chat.numbers`, `chat.read` and `chat.presence`: what may be done again when its worker died meanwhile."""

from pombo_common.model.commands import Reply
from pombo_common.model.messages import (
    ChatNumbers,
    ChatPresence,
    ChatPresenceShown,
    ChatRead,
    MessagesRead,
    NumberCheck,
    NumbersChecked,
)
from pombo_common.model.recipients import Target, target
from pombo_common.ports.changes import Attempt
from pombo_worker.commands.context import Commands
from pombo_worker.commands.reaching import at_hand, refusing


async def check_numbers(commands: Commands, command: ChatNumbers, attempt: Attempt) -> Reply:
    """Ask WhatsApp which of the numbers it has.

    Raises:
        PomboError: 400, 404, or 503 when WhatsApp did not answer.
        Superseded: another try of the same command went on.
    """
    targets = [target(number) for number in command.numbers]
    owned = await at_hand(commands, command.instance)
    with refusing(command.instance):
        jids = await owned.session.connection.numbers(targets) if targets else []
    checks = [_check(asked, jid) for asked, jid in zip(targets, jids, strict=True)]
    reply = Reply(id=command.id, ok=True, result=NumbersChecked(numbers=checks))
    await commands.answer_only(command.instance, attempt, reply)
    return reply


async def mark_read(commands: Commands, command: ChatRead, attempt: Attempt) -> Reply:
    """Tell the senders of messages that these were read.

    Raises:
        PomboError: 400, 404, or 503 when WhatsApp did not answer.
        Superseded: another try of the same command went on.
    """
    keys = [key for key in command.read_messages if not key.from_me]
    owned = await at_hand(commands, command.instance)
    with refusing(command.instance):
        if keys:
            await owned.session.connection.read(keys)
    reply = Reply(id=command.id, ok=True, result=MessagesRead())
    await commands.answer_only(command.instance, attempt, reply)
    return reply


async def show_in_chat(commands: Commands, command: ChatPresence, attempt: Attempt) -> Reply:
    """Show a presence in one chat.

    Raises:
        PomboError: 400, 404, or 503 when WhatsApp did not answer.
        Superseded: another try of the same command went on.
    """
    to = target(command.number)
    owned = await at_hand(commands, command.instance)
    with refusing(command.instance, to):
        await owned.session.connection.show_in_chat(to, command.presence, command.delay)
    reply = Reply(id=command.id, ok=True, result=ChatPresenceShown(presence=command.presence))
    await commands.answer_only(command.instance, attempt, reply)
    return reply


def _check(asked: Target, jid: str | None) -> NumberCheck:
    return NumberCheck(jid=jid or asked.jid, exists=jid is not None, number=asked.number)
