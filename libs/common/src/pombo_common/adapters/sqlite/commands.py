"""Command records: pending, started by one try at a time, then finished or cancelled; kept for 24 hours."""

import sqlite3
from collections.abc import Sequence

import msgspec

from pombo_common.adapters.sqlite.part import StorePart
from pombo_common.ports.changes import Attempt
from pombo_common.ports.records import COMMAND_MS, CommandRecord, Start

_COLUMNS = "id, fingerprint, not_after, state, outcome"


def read(connection: sqlite3.Connection, now: int, name: str, command_id: str) -> CommandRecord | None:
    """Return the record of one command; see `Store.command`."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM commands WHERE name = ? AND id = ? AND expires_at > ?",  # noqa: S608 - a constant
        (name, command_id, now),
    ).fetchone()
    if row is None:
        return None
    return CommandRecord(id=row[0], fingerprint=row[1], not_after=row[2], state=row[3], outcome=row[4])


def open_pending(connection: sqlite3.Connection, now: int, name: str, command: CommandRecord) -> CommandRecord:
    """Keep a new pending command, or return the one that is there."""
    kept = read(connection, now, name, command.id)
    if kept is not None:
        return kept
    pending = msgspec.structs.replace(command, state="pending", outcome=None)
    _write(connection, now, name, pending)
    return pending


def start(
    connection: sqlite3.Connection, now: int, name: str, command: CommandRecord, token: str, also: Sequence[str]
) -> Start:
    """Move a command to started for one try; see `Store.start_command`."""
    kept = open_pending(connection, now, name, command)
    if kept.fingerprint not in (command.fingerprint, *also):
        return Start(verdict="conflict", record=kept)
    if kept.state in {"finished", "cancelled"}:
        return Start(verdict=kept.state, record=kept)
    if kept.state == "pending" and now > kept.not_after:
        return Start(verdict="cancelled", record=_move(connection, now, name, kept, "cancelled"))
    resumed = _token(connection, name, kept.id) if kept.state == "started" else None
    return Start(verdict="started", record=_move(connection, now, name, kept, "started", token), resumed=resumed)


def is_started(connection: sqlite3.Connection, now: int, name: str, attempt: Attempt) -> bool:
    """Tell whether this very try is the one that may finish the command."""
    found = connection.execute(
        "SELECT 1 FROM commands WHERE name = ? AND id = ? AND state = 'started' AND token = ? AND expires_at > ?",
        (name, attempt.command, attempt.token, now),
    ).fetchone()
    return found is not None


def finish(connection: sqlite3.Connection, now: int, name: str, attempt: Attempt, outcome: bytes) -> bool:
    """Record the outcome unless the try was superseded; see `Store.finish_command`."""
    if not is_started(connection, now, name, attempt):
        return False
    connection.execute(
        "UPDATE commands SET state = 'finished', outcome = ?, token = NULL, expires_at = ? WHERE name = ? AND id = ?",
        (outcome, now + COMMAND_MS, name, attempt.command),
    )
    return True


def cancel(connection: sqlite3.Connection, now: int, name: str, command_id: str) -> CommandRecord | None:
    """Move a pending command to cancelled; see `Store.cancel_command`."""
    kept = read(connection, now, name, command_id)
    if kept is None or kept.state != "pending":
        return kept
    return _move(connection, now, name, kept, "cancelled")


def _token(connection: sqlite3.Connection, name: str, command_id: str) -> str | None:
    row = connection.execute("SELECT token FROM commands WHERE name = ? AND id = ?", (name, command_id)).fetchone()
    return None if row is None else row[0]


def _move(
    connection: sqlite3.Connection,
    now: int,
    name: str,
    kept: CommandRecord,
    state: str,
    token: str | None = None,
) -> CommandRecord:
    moved = msgspec.structs.replace(kept, state=state)
    _write(connection, now, name, moved, token)
    return moved


def _write(
    connection: sqlite3.Connection, now: int, name: str, record: CommandRecord, token: str | None = None
) -> None:
    # Each step gives the record its whole life anew, so that the outcome stands for 24 hours from when it came.
    connection.execute(
        f"INSERT INTO commands (name, {_COLUMNS}, token, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608 - a constant
        "ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint, not_after = excluded.not_after, "
        "state = excluded.state, outcome = excluded.outcome, token = excluded.token, expires_at = excluded.expires_at",
        (
            name,
            record.id,
            record.fingerprint,
            record.not_after,
            record.state,
            record.outcome,
            token,
            now + COMMAND_MS,
        ),
    )


class Commanding(StorePart):
    """Command records: opened, started, finished, cancelled."""

    async def open_command(self, name: str, command_id: str, fingerprint: str, seconds: float) -> CommandRecord:
        """Keep a new pending command."""

        def opened(db: sqlite3.Connection, now: int) -> CommandRecord:
            wanted = CommandRecord(id=command_id, fingerprint=fingerprint, not_after=now + int(seconds * 1000))
            return open_pending(db, now, name, wanted)

        return await self._writer.run(opened, early=True)

    async def start_command(self, name: str, command: CommandRecord, token: str, *, also: Sequence[str] = ()) -> Start:
        """Start a command for one try."""
        return await self._writer.run(lambda db, now: start(db, now, name, command, token, also))

    async def finish_command(self, name: str, attempt: Attempt, outcome: bytes) -> bool:
        """Record an outcome."""
        return await self._writer.run(lambda db, now: finish(db, now, name, attempt, outcome))

    async def cancel_command(self, name: str, command_id: str) -> CommandRecord | None:
        """Cancel a pending command."""
        return await self._writer.run(lambda db, now: cancel(db, now, name, command_id))

    async def command(self, name: str, command_id: str) -> CommandRecord | None:
        """Read a command's record."""
        # On the writer, which alone sees what was opened and is not committed yet.
        return await self._writer.run(lambda db, now: read(db, now, name, command_id), early=True)
