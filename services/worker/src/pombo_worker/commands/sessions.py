"""`instance.restart`, `instance.logout` and `instance.presence`: what is done to a running session."""

import msgspec

from pombo_common.model.commands import InstanceLogout, InstancePresence, InstanceRestart, PresenceShown, Reply
from pombo_common.model.errors import PomboError
from pombo_common.ports.changes import Attempt, Change, Verdict
from pombo_common.ports.records import StoredInstance
from pombo_common.sealing import seal_reply
from pombo_worker.commands.connect import begin_session
from pombo_worker.commands.context import Commands, Moved
from pombo_worker.commands.reaching import not_connected, refusing
from pombo_worker.engines.port import Fenced
from pombo_worker.events import now_ms
from pombo_worker.sessions.live_state import stopped_fields

LOGGED_OUT = 401
STILL_LISTED = "logged-out-here"
"""The reason of an instance that is logged out while WhatsApp could not be told: the phone still lists the device."""


async def restart(commands: Commands, command: InstanceRestart, attempt: Attempt) -> Reply:
    """Close the connection and dial again; a closed instance's session is started.

    Raises:
        PomboError: 404.
        Moved: another worker has just taken the session.
        Superseded: another try of the same command went on.
    """
    stored = await commands.find(command.instance)
    if not commands.sessions.running(stored.instance.name, stored.instance.id):
        return await begin_session(commands, command, stored, attempt, pairing=None)
    reply = commands.described(command, stored)
    await commands.answer_only(stored.instance.name, attempt, reply)
    await commands.sessions.restart(stored.instance.name)
    return reply


async def logout(commands: Commands, command: InstanceLogout, attempt: Attempt) -> Reply:
    """Unlink the device, end the session, and say so; state, events and outcome are one step.

    Raises:
        PomboError: 404, or 400 when nothing is connected or linked.
        Moved: another worker has just taken the session.
        Superseded: another try of the same command went on.
    """
    stored = await commands.find(command.instance)
    instance = stored.instance
    if stored.live.state == "close" and not stored.live.paired:
        raise not_connected(instance.name)
    unlinked = await end_unlinked(commands, stored)
    lease = await commands.take_lease(stored)
    stored = lease.stored
    reason = "logged-out" if unlinked else STILL_LISTED
    fields = stopped_fields(stored.live, LOGGED_OUT, f"Log out instance: {instance.name}", reason, forget=True)
    live = msgspec.structs.replace(stored.live, since=now_ms(), **fields)
    reply = commands.described(command, msgspec.structs.replace(stored, live=live))
    change = Change(
        instance_id=instance.id,
        attempt=attempt,
        held=lease.held,
        live=live,
        forget=True,
        events=tuple(event(instance.name, instance.id, live) for event in commands.events.unlinked),
        outcome=seal_reply(reply, commands.vault),
    )
    verdict = await commands.commit(instance.name, change)
    await commands.store.release(instance.name, instance.id, lease.held)
    if verdict is Verdict.FENCED:
        raise Moved
    return reply


async def end_unlinked(commands: Commands, stored: StoredInstance) -> bool:
    """End an instance's session, its device unlinked; one that could not be told so is logged in for that.

    Returns:
        Whether the phone lists the device no more.

    Raises:
        Moved: another worker has just taken the session.
    """
    instance, paired = stored.instance, stored.live.paired
    is_open = commands.sessions.is_open(instance.name)
    unlinked = await commands.sessions.end(instance.name, logout=paired and is_open, keep_lease=True)
    if not paired or unlinked:
        return True
    lease = await commands.take_lease(stored)
    try:
        return await commands.sessions.unlink(lease)
    except Fenced:
        raise Moved from None
    except PomboError:
        return False


async def show_presence(commands: Commands, command: InstancePresence, attempt: Attempt) -> Reply:
    """Show a presence to the account's contacts.

    Raises:
        PomboError: 404, 400 when the instance is not connected, or 503 when WhatsApp takes no presence now.
        Superseded: another try of the same command went on.
    """
    stored = await commands.find(command.instance)
    await _show(commands, stored, command)
    reply = Reply(id=command.id, ok=True, result=PresenceShown(presence=command.presence))
    await commands.answer_only(stored.instance.name, attempt, reply)
    return reply


async def _show(commands: Commands, stored: StoredInstance, command: InstancePresence) -> None:
    name = stored.instance.name
    owned = commands.sessions.connected(name)
    if stored.live.state != "open" or owned is None or owned.instance_id != stored.instance.id:
        raise not_connected(name)
    with refusing(name):
        await owned.session.connection.show(command.presence)
