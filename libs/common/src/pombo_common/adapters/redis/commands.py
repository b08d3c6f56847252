"""Command records: pending, then started or cancelled, then finished; each lives for 24 h after its last move."""

from collections.abc import Sequence
from typing import Literal, cast

from pombo_common.adapters.redis.part import StorePart
from pombo_common.ports.changes import Attempt
from pombo_common.ports.records import COMMAND_MS, CommandRecord, Start


class Commanding(StorePart):
    """Moves and reads command records."""

    async def open_command(self, name: str, command_id: str, fingerprint: str, seconds: float) -> CommandRecord:
        """Keep a new pending command; returns the record that is there afterwards (an older one stays)."""
        keys = [self._keys.command(name, command_id)]
        fields = await self._database.run("command_open", keys, fingerprint, seconds, COMMAND_MS)
        return _existing(command_id, fields)

    async def start_command(self, name: str, command: CommandRecord, token: str, *, also: Sequence[str] = ()) -> Start:
        """Move a command to started for the try with this token; creates the record when there is none."""
        keys = [self._keys.command(name, command.id)]
        verdict, fields, resumed = await self._database.run(
            "command_start", keys, command.fingerprint, command.not_after, COMMAND_MS, token, *also
        )
        return Start(
            verdict=cast("Literal['started', 'finished', 'cancelled', 'conflict']", verdict.decode()),
            record=_existing(command.id, fields),
            resumed=resumed.decode() or None,
        )

    async def finish_command(self, name: str, attempt: Attempt, outcome: bytes) -> bool:
        """Record the outcome of a started command that changed nothing; False when the try was superseded."""
        keys = [self._keys.command(name, attempt.command)]
        return bool(await self._database.run("command_finish", keys, attempt.token, outcome, COMMAND_MS))

    async def cancel_command(self, name: str, command_id: str) -> CommandRecord | None:
        """Move a pending command to cancelled, so that it never starts; returns the record as it is afterwards."""
        return _record(command_id, await self._database.run("command_cancel", [self._keys.command(name, command_id)]))

    async def command(self, name: str, command_id: str) -> CommandRecord | None:
        """Return the record of one command."""
        key = self._keys.command(name, command_id)
        fields = await self._database.command("HMGET", key, "fingerprint", "not_after", "state", "outcome")
        return _record(command_id, fields)


def _record(command_id: str, fields: Sequence[bytes | None]) -> CommandRecord | None:
    return None if fields[0] is None else _existing(command_id, fields)


def _existing(command_id: str, fields: Sequence[bytes | None]) -> CommandRecord:
    fingerprint, not_after, state, outcome = fields
    return CommandRecord(
        id=command_id,
        fingerprint=(fingerprint or b"").decode(),
        not_after=int(not_after or 0),
        state=cast("Literal['pending', 'started', 'finished', 'cancelled']", (state or b"pending").decode()),
        outcome=outcome,
    )
