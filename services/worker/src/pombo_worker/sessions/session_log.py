"""An instance's log as its session writes to it: under its epoch, and in its account's name."""

from collections.abc import Callable, Iterable

from pombo_common.ports.changes import Change, KeyEntry
from pombo_worker.events import EventMaker, Said
from pombo_worker.sessions.report_shapes import Owner
from pombo_worker.sessions.writer import SessionWriter


class SessionLog:
    """Writes events, each with what must not come apart from it.

    Attributes:
        owner: whose log it is.
    """

    def __init__(self, writer: SessionWriter, events: EventMaker, sender: Callable[[], str | None]) -> None:
        """Write with these; `sender` tells the account's own JID, None until linked."""
        self.owner = Owner(name=writer.name, id=writer.instance_id)
        self._writer = writer
        self._events = events
        self._sender = sender

    async def write(self, told: Iterable[Said], *, takes: str | None = None, keys: tuple[KeyEntry, ...] = ()) -> None:
        """Write these events in one step; without any, and nothing to take, there is none.

        Args:
            told: what becomes events, in its order.
            takes: the journal entry that is done with.
            keys: what is kept beside the Signal keys.

        Raises:
            Fenced: the lease is not ours any more.
        """
        events = tuple(self._events.said(self.owner.id, each, self._sender()) for each in told)
        if events or takes is not None:
            change = Change(instance_id=self.owner.id, held=self._writer.held, takes=takes, keys=keys, events=events)
            await self._writer.apply(change)
