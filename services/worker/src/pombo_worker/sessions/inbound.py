"""What comes in on a session: from the engine's reports to events in the instance's log."""

from collections.abc import Callable
from typing import Any

from pombo_common.model.events import NewEvent
from pombo_common.ports.changes import Change
from pombo_worker.engines.port import CallSeen, MessageSeen, Reported
from pombo_worker.events import EventMaker
from pombo_worker.sessions.material import Material
from pombo_worker.sessions.messages import upsert_payload
from pombo_worker.sessions.writer import SessionWriter

Inbound = MessageSeen | CallSeen | Reported


class InboundLog:
    """Writes the events of one session's inbound traffic, under its epoch."""

    def __init__(
        self,
        writer: SessionWriter,
        material: Material,
        events: EventMaker,
        sender: Callable[[], str | None],
        *,
        wants: Callable[[Inbound], bool],
    ) -> None:
        """Write with these.

        Args:
            writer: writes under the session's epoch.
            material: holds the journal of decrypted messages.
            events: makes events.
            sender: tells the account's own JID, None until linked.
            wants: tells whether a report makes an event.
        """
        self._writer = writer
        self._material = material
        self._events = events
        self._sender = sender
        self._wants = wants

    async def replay(self) -> None:
        """Log what was decrypted and lost its event: with its worker, or with the connection that buffered it.

        Raises:
            Fenced: the lease is not ours any more.
        """
        for entry_id, message in await self._material.journal():
            await self._message(MessageSeen(journal=entry_id, message=message))

    async def take(self, inbound: Inbound) -> None:
        """Log one report.

        Raises:
            Fenced: the lease is not ours any more.
        """
        match inbound:
            case MessageSeen():
                await self._message(inbound)
            case _ if not self._wants(inbound):
                return
            case CallSeen(call=call):
                await self._log(self._event("call", call))
            case Reported(kind=kind, data=data):
                await self._log(self._event(kind, data))

    async def _message(self, seen: MessageSeen) -> None:
        """Write a message's event and take its journal entry in one step; a second time finds it consumed."""
        payload = upsert_payload(seen.message, self._writer.instance_id) if self._wants(seen) else None
        if payload is not None:
            await self._log(self._event("messages.upsert", payload), takes=seen.journal)
        elif seen.journal is not None:
            await self._log(takes=seen.journal)

    def _event(self, kind: str, data: Any) -> NewEvent:  # noqa: ANN401 - any JSON
        return self._events.make(self._writer.instance_id, kind, data, self._sender())

    async def _log(self, *events: NewEvent, takes: str | None = None) -> None:
        change = Change(instance_id=self._writer.instance_id, epoch=self._writer.epoch, takes=takes, events=events)
        await self._writer.apply(change)
