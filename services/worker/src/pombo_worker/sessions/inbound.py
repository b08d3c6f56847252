"""What comes in on a session: from the engine's reports to events in the instance's log."""

from collections.abc import Callable, Iterable

from pombo_common.ports.changes import Change
from pombo_worker.engines.port import CallSeen, Inbound, MessageSeen, Reported
from pombo_worker.events import EventMaker
from pombo_worker.sessions.attachments import Attachments
from pombo_worker.sessions.automatic import Automatic
from pombo_worker.sessions.material import Material
from pombo_worker.sessions.messages import message_event
from pombo_worker.sessions.reports import Owner, chat_of, said_by
from pombo_worker.sessions.said import Said
from pombo_worker.sessions.writer import SessionWriter


class InboundLog:
    """Writes the events of one session's inbound traffic, under its epoch."""

    def __init__(
        self,
        writer: SessionWriter,
        material: Material,
        events: EventMaker,
        sender: Callable[[], str | None],
        attachments: Attachments,
        automatic: Automatic,
    ) -> None:
        """Write with these.

        Args:
            writer: writes under the session's epoch.
            material: holds the journal of decrypted messages.
            events: makes events.
            sender: tells the account's own JID, None until linked.
            attachments: fetches the files that belong inside an event.
            automatic: knows what the settings want of it, and answers what was logged.
        """
        self._writer = writer
        self._material = material
        self._events = events
        self._sender = sender
        self._attachments = attachments
        self._automatic = automatic
        self._owner = Owner(name=writer.name, id=writer.instance_id)

    async def replay(self) -> None:
        """Log what was decrypted and lost its event: with its worker, or with the connection that buffered it.

        Raises:
            Fenced: the lease is not ours any more.
        """
        for entry_id, message in await self._material.journal():
            await self._message(MessageSeen(journal=entry_id, message=message))

    async def take(self, inbound: Inbound) -> None:
        """Log one report, then have it answered as the settings say.

        Raises:
            Fenced: the lease is not ours any more.
        """
        match inbound:
            case MessageSeen():
                await self._message(inbound)
            case CallSeen(call=call):
                await self._log([Said("call", call)] if self._automatic.wants(inbound) else [])
            case Reported(kind=kind, data=data):
                trimmed = (self._automatic.trim(each) for each in said_by(kind, data, self._owner))
                await self._log(each for each in trimmed if each is not None)
        self._automatic.answer(inbound)

    async def _message(self, seen: MessageSeen) -> None:
        """Write a message's event and take its journal entry in one step; a second time finds it consumed."""
        event = message_event(seen.message, self._writer.instance_id) if self._automatic.wants(seen) else None
        if event is None:
            await self._log([], takes=seen.journal)
            return
        kind, payload = event
        if kind == "messages.upsert":
            told = [Said(kind, await self._attachments.add(payload)), chat_of(seen.message, self._owner)]
            await self._log(told, takes=seen.journal)
        else:
            await self._log([Said(kind, payload)], takes=seen.journal)

    async def _log(self, told: Iterable[Said], takes: str | None = None) -> None:
        events = tuple(self._events.said(self._writer.instance_id, each, self._sender()) for each in told)
        if events or takes is not None:
            change = Change(instance_id=self._writer.instance_id, epoch=self._writer.epoch, takes=takes, events=events)
            await self._writer.apply(change)
