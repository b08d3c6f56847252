"""`instance.delete`."""

import msgspec

from pombo_common.model.commands import InstanceDelete, Reply
from pombo_common.model.events import NewEvent
from pombo_common.model.instance import Instance
from pombo_common.ports.changes import Attempt, Change
from pombo_common.ports.records import Footprint, StoredInstance
from pombo_common.projection import openable_info
from pombo_common.sealing import seal_reply
from pombo_common.vault import SealBroken
from pombo_worker.commands.context import Commands
from pombo_worker.commands.sessions import LOGGED_OUT, STILL_LISTED, end_unlinked
from pombo_worker.events import now_ms
from pombo_worker.sessions.live_state import stopped_fields


async def delete(commands: Commands, command: InstanceDelete, attempt: Attempt) -> Reply:
    """Unlink and end the session, then remove the instance and log its last events in one step.

    Raises:
        PomboError: 404 when there is no such instance.
        Moved: another worker has just taken the session.
        Superseded: another try of the same command went on.
    """
    stored = await commands.find(command.instance)
    instance = stored.instance
    try:
        unlinked = await end_unlinked(commands, stored)
    except SealBroken:
        # Its key is gone for good, maybe: it cannot log in to be unlinked, and is to go all the same.
        unlinked = False
    shown = stored if unlinked else _still_listed(stored)
    reply = Reply(id=command.id, ok=True, result=openable_info(shown, commands.vault))
    await _note_queues(commands, instance)
    change = Change(
        instance_id=instance.id,
        attempt=attempt,
        events=_last_events(commands, stored),
        delete=True,
        outcome=seal_reply(reply, commands.vault),
    )
    await commands.commit(instance.name, change)
    return reply


def _still_listed(stored: StoredInstance) -> StoredInstance:
    return msgspec.structs.replace(stored, live=msgspec.structs.replace(stored.live, reason=STILL_LISTED))


async def _note_queues(commands: Commands, instance: Instance) -> None:
    """Remember, before nothing else does, that there may be queues to clear away; switched off, they stayed too."""
    for sink, configured in (("rabbitmq", instance.rabbitmq), ("sqs", instance.sqs)):
        if configured is not None:
            await commands.store.keep_footprint(
                Footprint(name=instance.name, instance_id=instance.id, sink=sink, at=await commands.store.now())
            )


def _last_events(commands: Commands, stored: StoredInstance) -> tuple[NewEvent, ...]:
    """Return what a deletion says, in its order: an open session also ends, one that was connecting says all of it."""
    name, instance_id, live, events = stored.instance.name, stored.instance.id, stored.live, commands.events
    made = [events.lifecycle("instance.delete", name, instance_id), events.remove(instance_id)]
    if live.state == "close":
        return tuple(made)
    ended = msgspec.structs.replace(
        live, **stopped_fields(live, LOGGED_OUT, f"Log out instance: {name}", "logged-out", forget=True), since=now_ms()
    )
    last = (events.status,) if live.state == "open" else events.unlinked
    return (*made, *(event(name, instance_id, ended) for event in last))
