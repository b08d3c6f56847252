"""The one write on an instance: a `Change` with its guards, inside one step of the writer."""

import sqlite3
from typing import NamedTuple

import msgspec

from pombo_common.adapters.sqlite import claims, commands, destinations, leases, log, material
from pombo_common.adapters.sqlite.rows import due_of
from pombo_common.model.instance import Instance, Live
from pombo_common.ports.changes import Applied, Change, Verdict


def apply(connection: sqlite3.Connection, now: int, name: str, change: Change, log_limit: int) -> Applied:
    """Apply a change or nothing of it; see `Change`.

    Raises:
        ValueError: a create without record or live state.
    """
    if change.create and (change.instance is None or change.live is None):
        raise ValueError("an instance is created with its record and its live state")
    current = _current(connection, name)
    refused = _refusal(connection, now, name, change, current)
    if refused is not None:
        return Applied(verdict=refused)
    row = _create(connection, name, change) if change.create else current.log
    _write_state(connection, row, change)
    material.write(connection, row, change)
    destinations.set_destinations(connection, row, change.destinations)
    log.append(connection, row, change.events, log_limit)
    due = due_of(connection, row)
    if change.delete:
        _delete(connection, now, row)
    if change.attempt is not None and change.outcome is not None:
        commands.finish(connection, now, name, change.attempt, change.outcome)
    return Applied(verdict=Verdict.APPLIED, due=due)


def is_noticed(change: Change) -> bool:
    """Tell whether watchers are told of such a change."""
    return change.create or change.delete or change.instance is not None or change.live is not None


class _Current(NamedTuple):
    """The instance that has a name now: its log, id and version; nothing of that when none has."""

    log: int = 0
    instance_id: str | None = None
    version: int | None = None


def _refusal(connection: sqlite3.Connection, now: int, name: str, change: Change, current: _Current) -> Verdict | None:
    """Check the guards in their order; the last one takes its journal entry along."""
    if change.attempt is not None and not commands.is_started(connection, now, name, change.attempt):
        return Verdict.SUPERSEDED
    misnamed = _refusal_of_name(change, current.instance_id)
    if misnamed is not None:
        return misnamed
    if change.held is not None and not leases.is_held(connection, now, current.log, change.held):
        return Verdict.FENCED
    if change.version is not None and current.version != change.version:
        return Verdict.OUTDATED
    if change.takes is not None and not material.take(connection, current.log, change.takes):
        return Verdict.CONSUMED
    return None


def _refusal_of_name(change: Change, instance_id: str | None) -> Verdict | None:
    """Compare what the change expects under the name with the id that is there."""
    if change.create:
        return None if instance_id is None else Verdict.TAKEN
    return None if instance_id == change.instance_id else Verdict.GONE


def _current(connection: sqlite3.Connection, name: str) -> _Current:
    row = connection.execute(
        "SELECT log, instance_id, version FROM instances JOIN logs USING (log) WHERE instances.name = ?", (name,)
    ).fetchone()
    return _Current() if row is None else _Current(*row)


def _create(connection: sqlite3.Connection, name: str, change: Change) -> int:
    """Make the rows of a new instance; `_write_state` fills them."""
    row = connection.execute(
        "INSERT INTO logs (name, instance_id) VALUES (?, ?) ON CONFLICT DO UPDATE SET deleted_at = NULL RETURNING log",
        (name, change.instance_id),
    ).fetchone()[0]
    connection.execute(
        "INSERT INTO instances (log, name, created_at, version, token_print, wanted, record, live) "
        "VALUES (?, ?, 0, 0, '', 0, x'', x'')",
        (row, name),
    )
    return int(row)


def _write_state(connection: sqlite3.Connection, row: int, change: Change) -> None:
    if change.instance is not None:
        _put_record(connection, row, change.instance)
    if change.live is not None:
        _put_live(connection, row, change.live)


def _put_record(connection: sqlite3.Connection, row: int, record: Instance) -> None:
    connection.execute(
        "UPDATE instances SET created_at = ?, version = ?, token_print = ?, record = ? WHERE log = ?",
        (record.created_at, record.version, record.token_print, msgspec.json.encode(record), row),
    )


def _put_live(connection: sqlite3.Connection, row: int, live: Live) -> None:
    connection.execute(
        "UPDATE instances SET wanted = ?, live = ? WHERE log = ?",
        (int(live.wanted), msgspec.json.encode(live), row),
    )


def _delete(connection: sqlite3.Connection, now: int, row: int) -> None:
    connection.execute("DELETE FROM instances WHERE log = ?", (row,))
    connection.execute("UPDATE logs SET deleted_at = ? WHERE log = ?", (now, row))
    claims.drop_if_done(connection, row)
