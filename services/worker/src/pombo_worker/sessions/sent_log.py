"""What a session has sent by itself, in its instance's log."""

from pombo_worker.engines.sending import Outgoing, Sent
from pombo_worker.events import Said
from pombo_worker.sessions.messages import sent_payload
from pombo_worker.sessions.outbox import Outbox
from pombo_worker.sessions.session_log import SessionLog


class SentLog:
    """Writes `send.message` events."""

    def __init__(self, log: SessionLog, outbox: Outbox) -> None:
        """Write to this log."""
        self._log = log
        self._outbox = outbox

    async def record(self, outgoing: Outgoing, sent: Sent) -> None:
        """Write the event, and the copy for devices that cannot read the message.

        Raises:
            Fenced: the lease is not ours any more.
        """
        said = Said("send.message", sent_payload(sent.message, self._log.owner.id))
        await self._log.write([said], keys=(self._outbox.entry(outgoing.id, sent.encoded),))
