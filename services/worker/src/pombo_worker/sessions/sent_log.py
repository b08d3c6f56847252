"""What a session has sent by itself, in its instance's log."""

from collections.abc import Callable

from pombo_common.ports.changes import Change
from pombo_worker.engines.sending import Outgoing, Sent
from pombo_worker.events import EventMaker
from pombo_worker.sessions.messages import sent_payload
from pombo_worker.sessions.outbox import Outbox
from pombo_worker.sessions.writer import SessionWriter


class SentLog:
    """Writes `send.message` events under one session's epoch."""

    def __init__(
        self, writer: SessionWriter, events: EventMaker, outbox: Outbox, sender: Callable[[], str | None]
    ) -> None:
        """Write with these; `sender` tells the account's own JID."""
        self._writer = writer
        self._events = events
        self._outbox = outbox
        self._sender = sender

    async def record(self, outgoing: Outgoing, sent: Sent) -> None:
        """Write the event, and the copy for devices that cannot read the message.

        Raises:
            Fenced: the lease is not ours any more.
        """
        instance_id = self._writer.instance_id
        event = self._events.make(instance_id, "send.message", sent_payload(sent.message, instance_id), self._sender())
        keys = (self._outbox.entry(outgoing.id, sent.encoded),)
        await self._writer.apply(Change(instance_id=instance_id, epoch=self._writer.epoch, keys=keys, events=(event,)))
