"""What comes in on a session: from the engine's reports to events in the instance's log."""

from pombo_worker.engines.port import CallSeen, Inbound, MessageSeen, Reported
from pombo_worker.events import Said
from pombo_worker.sessions.attachments import Attachments
from pombo_worker.sessions.automatic import Automatic
from pombo_worker.sessions.chat_reports import chat_of
from pombo_worker.sessions.material import Material
from pombo_worker.sessions.messages import message_event
from pombo_worker.sessions.reports import said_by
from pombo_worker.sessions.session_log import SessionLog
from pombo_worker.sessions.sparing import sparing


class InboundLog:
    """Writes the events of one session's inbound traffic, under its epoch."""

    def __init__(self, log: SessionLog, material: Material, attachments: Attachments, automatic: Automatic) -> None:
        """Write with these.

        Args:
            log: of the session's instance.
            material: holds the journal of decrypted messages.
            attachments: fetches the files that belong inside an event.
            automatic: knows what the settings want of it, and answers what was logged.
        """
        self._log = log
        self._material = material
        self._attachments = attachments
        self._automatic = automatic

    async def replay(self) -> None:
        """Log what was decrypted and lost its event: with its worker, or with the connection that buffered it.

        Raises:
            Fenced: the lease is not ours any more.
        """
        for entry_id, message in await self._material.journal():
            seen = MessageSeen(journal=entry_id, message=message)
            with sparing(self._log.owner.id, seen):
                await self._message(seen)

    async def take(self, inbound: Inbound) -> None:
        """Log one report, then have it answered as the settings say; one that cannot be told is left out.

        Raises:
            Fenced: the lease is not ours any more.
        """
        with sparing(self._log.owner.id, inbound):
            await self._tell(inbound)
            self._automatic.answer(inbound)

    async def _tell(self, inbound: Inbound) -> None:
        match inbound:
            case MessageSeen():
                await self._message(inbound)
            case CallSeen(call=call):
                await self._log.write([Said("call", call)] if self._automatic.wants(inbound) else [])
            case Reported(kind=kind, data=data):
                trimmed = (self._automatic.trim(each) for each in said_by(kind, data, self._log.owner))
                await self._log.write(each for each in trimmed if each is not None)

    async def _message(self, seen: MessageSeen) -> None:
        """Write a message's event and take its journal entry in one step; a second time finds it consumed."""
        event = message_event(seen.message, self._log.owner.id) if self._automatic.wants(seen) else None
        if event is None:
            await self._log.write([], takes=seen.journal)
            return
        kind, payload = event
        if kind == "messages.upsert":
            told = [Said(kind, await self._attachments.add(payload)), chat_of(seen.message, self._log.owner)]
            await self._log.write(told, takes=seen.journal)
        else:
            await self._log.write([Said(kind, payload)], takes=seen.journal)
