"""What the handlers of commands share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pombo_common.model.commands import PlainCommand, Reply
from pombo_common.model.errors import PomboError, unknown_instance
from pombo_common.model.queue_sinks import QueueSinkRules
from pombo_common.ports.changes import Attempt, Change, Verdict
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import Store
from pombo_common.projection import instance_info
from pombo_common.sealing import seal_reply
from pombo_common.vault import Vault
from pombo_worker.delivery.destinations import Destinations
from pombo_worker.delivery.sink import Sink
from pombo_worker.events import EventMaker
from pombo_worker.media.source import MediaSource
from pombo_worker.sessions.pool import Pool
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.taken_lease import TakenLease, take_lease
from pombo_worker.sessions.turns import Turns
from pombo_worker.wakes import Wakes


class Superseded(Exception):  # noqa: N818 - reads as the state it names
    """Another try at the same command went on; its outcome counts."""


class Moved(Exception):  # noqa: N818 - reads as the state it names
    """Another worker has just taken the session; the command goes there when it comes again."""


@dataclass(frozen=True, kw_only=True)
class Commands:
    """The Store and what goes with it, as the handlers use them.

    Attributes:
        store: keeps everything.
        wakes: wakes deliveries.
        vault: seals secrets and replies.
        events: makes events.
        sessions: the sessions of this worker.
        pool: this worker among the others.
        turns: one thing at a time for each instance.
        media: finds the media of messages.
        lease_seconds: length of a lease.
        sandbox: whether WHATSAPP-SANDBOX exists here.
        api_key: the global key, which no instance may have as its token.
        exchange: the global exchange's name, which no instance may have.
        destinations: where the events of an instance go.
        sinks: what delivers them, by kind.
        queue_sinks: which queue sinks an instance can have here.
        provide: makes the queues of an instance whose SQS sink was set, in the background.
    """

    store: Store
    wakes: Wakes
    vault: Vault
    events: EventMaker
    sessions: SessionRegistry
    pool: Pool
    turns: Turns
    media: MediaSource
    lease_seconds: float
    sandbox: bool
    api_key: str
    exchange: str
    destinations: Destinations
    sinks: Mapping[str, Sink[Any]]
    queue_sinks: QueueSinkRules
    provide: Callable[[str], None]

    async def find(self, name: str) -> StoredInstance:
        """Read an instance.

        Raises:
            PomboError: 404 when there is none.
        """
        stored = await self.store.instance(name)
        if stored is None:
            raise unknown_instance(name)
        return stored

    def described(self, command: PlainCommand, stored: StoredInstance) -> Reply:
        """Return the reply that shows an instance."""
        return Reply(id=command.id, ok=True, result=instance_info(stored, self.vault))

    async def commit(self, name: str, change: Change) -> Verdict:
        """Apply a change and wake what it makes due.

        Raises:
            Superseded: another try of the same command went on.
            PomboError: 404 when the instance is gone.
        """
        applied = await self.store.apply(name, change)
        if applied.verdict is Verdict.SUPERSEDED:
            raise Superseded
        if applied.verdict is Verdict.GONE:
            raise unknown_instance(name)
        await self.wakes.wake_all(name, change.instance_id, applied.due)
        return applied.verdict

    async def answer_only(self, name: str, attempt: Attempt, reply: Reply) -> None:
        """Record the outcome of a command that changed nothing.

        Raises:
            Superseded: another try of the same command went on.
        """
        if not await self.store.finish_command(name, attempt, seal_reply(reply, self.vault)):
            raise Superseded

    async def take_lease(self, stored: StoredInstance) -> TakenLease:
        """Take the lease of an instance that nobody runs.

        Raises:
            Moved: another worker took it since the command was found to be ours.
        """
        last = self.sessions.lapsed.get(stored.instance.name, 0)
        lease = await take_lease(self.store, stored.instance, self.sessions.worker, self.lease_seconds, last)
        if lease is None:
            raise Moved
        return lease


def refusal(command: PlainCommand, error: PomboError) -> Reply:
    """Return the reply that says no."""
    return Reply(id=command.id, ok=False, error=error.info)
