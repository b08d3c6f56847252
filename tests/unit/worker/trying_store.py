"""The real SQLite store, with a record of what was applied, and outages on demand around the real step."""

from pathlib import Path

from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.ports.changes import Applied, Change, JournalEntry, Verdict
from pombo_common.ports.deliveries import Settlement
from pombo_common.ports.store import StoreUnavailable


class Clock:
    """A clock that stands until the test moves it, so that no lease runs out because the machine is slow."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        """Return what was set, milliseconds since the epoch."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move it."""
        self.now += round(seconds * 1000)


class TryingStore(SqliteStore):
    """A store that can go away before a step, or after it and before its answer.

    Attributes:
        away: so many of the next steps, and of the next reads of what a session begins with, find it away.
    """

    def __init__(self, path: Path, clock: Clock, log_limit: int = 10_000) -> None:
        super().__init__(path, clock=clock, log_limit=log_limit)
        self.applied: list[Change] = []
        self.verdicts: list[Verdict] = []
        self.settled: list[Settlement] = []
        self.away = 0
        self.lost_answers = 0

    async def apply(self, name: str, change: Change) -> Applied:
        """Apply, unless it is away; with `lost_answers` the step happens and nobody hears of it."""
        self._reach()
        applied = await super().apply(name, change)
        self.verdicts.append(applied.verdict)
        if applied.verdict is Verdict.APPLIED:
            self.applied.append(change)
        if self.lost_answers:
            self.lost_answers -= 1
            raise StoreUnavailable("away after the step")
        return applied

    async def creds(self, name: str, instance_id: str) -> bytes | None:
        """Read, unless it is away."""
        self._reach()
        return await super().creds(name, instance_id)

    async def journal(self, name: str, instance_id: str) -> list[JournalEntry]:
        """Read, unless it is away."""
        self._reach()
        return await super().journal(name, instance_id)

    def _reach(self) -> None:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away before the step")

    async def settle(self, name: str, instance_id: str, settlement: Settlement) -> bool:
        """Settle, and keep what counted."""
        counted = await super().settle(name, instance_id, settlement)
        if counted:
            self.settled.append(settlement)
        return counted
