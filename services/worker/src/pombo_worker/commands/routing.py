"""Which worker carries a command out: the one that runs its session, one that has room for it, or this one."""

from pombo_common.model.commands import InstanceCreate, InstancePresence, PlainCommand
from pombo_common.ports.bus import DEFAULT_LIFE_SECONDS, Again, Disposition, PassOn, Request
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import StoreUnavailable
from pombo_worker.commands.context import Commands
from pombo_worker.commands.table import OWNED, SENDING, STARTING
from pombo_worker.events import now_ms


class Routing:
    """Looks up where sessions run, and who could run one more."""

    def __init__(self, commands: Commands) -> None:
        """Look from this worker."""
        self._commands = commands

    def at_hand(self, command: PlainCommand) -> bool:
        """Tell whether a command goes through a session that is connected here, which needs no look-up."""
        return isinstance(command, SENDING) and self._commands.sessions.connected(command.instance) is not None

    async def stored(self, command: PlainCommand) -> StoredInstance | None:
        """Read the instance of a command for which it matters who runs its session, or whether it needs a new one.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        routed = command.qrcode if isinstance(command, InstanceCreate) else isinstance(command, OWNED)
        return await self._commands.store.instance(command.instance) if routed else None

    async def elsewhere(self, command: PlainCommand, stored: StoredInstance | None) -> Disposition | None:
        """Return how a command leaves this worker because of where its session runs; None when it is to stay."""
        worker = self._other_owner(command, stored) or await self._drained_to(command, stored)
        if worker is not None:
            return PassOn(worker=worker)
        return Again() if isinstance(command, (InstancePresence, *SENDING)) and between_owners(stored) else None

    async def too_late(self, command: PlainCommand, not_after: int) -> bool:
        """Tell whether a command's time is over and nobody may start it any more, nor go on with an earlier try.

        This machine's clock says when to ask; the Store's, which is read first, decides.

        Raises:
            StoreUnavailable: it is not known.
        """
        if now_ms() <= not_after:
            return False
        now = await self._commands.store.now()
        record = await self._commands.store.command(command.instance, command.id)
        if record is None:
            return now > not_after
        return record.state in {"cancelled", "finished"} or (record.state == "pending" and now > record.not_after)

    async def after_move(self, command: PlainCommand) -> Disposition:
        """Send a command after a session that has just moved. Nothing was done; its new owner runs it."""
        try:
            owner = self._other_owner(command, await self._commands.store.instance(command.instance))
        except StoreUnavailable:
            owner = None
        return Again() if owner is None else PassOn(worker=owner)

    def starts(self, command: PlainCommand, stored: StoredInstance | None) -> bool:
        """Tell whether a command needs room for one more session."""
        if isinstance(command, InstanceCreate):
            return command.qrcode and stored is None
        return isinstance(command, STARTING) and stored is not None and not self._runs_here(command, stored)

    async def roomy(self) -> Disposition | None:
        """Return how a command leaves for a worker that has room; None when it is to be refused here."""
        worker = await self._commands.pool.elsewhere(to_start=True)
        if worker is not None:
            return PassOn(worker=worker)
        # Who takes the place of a worker that stops may have room.
        return Again() if self._commands.pool.draining else None

    def _other_owner(self, command: PlainCommand, stored: StoredInstance | None) -> str | None:
        """Return the worker that runs the session which this command is about, when that is not us.

        That the command was passed on to us says where the session was; it may have moved on meanwhile.
        """
        if not isinstance(command, OWNED) or stored is None or stored.lease is None:
            return None
        return stored.lease.owner if stored.lease.owner != self._commands.sessions.worker else None

    async def _drained_to(self, command: PlainCommand, stored: StoredInstance | None) -> str | None:
        """Return who takes this command in place of a worker that stops; what still runs here is still done here."""
        if not self._commands.pool.draining or self._runs_here(command, stored):
            return None
        return await self._commands.pool.elsewhere(to_start=self.starts(command, stored))

    def _runs_here(self, command: PlainCommand, stored: StoredInstance | None) -> bool:
        return stored is not None and self._commands.sessions.running(command.instance, stored.instance.id)


def between_owners(stored: StoredInstance | None) -> bool:
    """Tell whether a linked session is about to be taken over."""
    return stored is not None and stored.lease is None and stored.live.wanted and stored.live.paired


def not_after_of(command: PlainCommand, request: Request) -> int:
    """Return until when a command may be started: what it says itself, else what its message says."""
    if command.not_after is not None:
        return command.not_after
    life = DEFAULT_LIFE_SECONDS if request.expires_in is None else request.expires_in
    return now_ms() + int(life * 1000)
