"""Claims: one worker at a time delivers to a destination, and moves its cursor."""

import sqlite3

import msgspec

from pombo_common.adapters.sqlite import log
from pombo_common.adapters.sqlite.leases import until
from pombo_common.adapters.sqlite.rows import drop_log, due_of, readable
from pombo_common.ports.records import CLAIM_EVENTS, Claim, Cursor, Settlement


def claim(
    connection: sqlite3.Connection,
    now: int,
    name: str,
    instance_id: str,
    destination: str,
    token: str,
    seconds: float,
) -> Claim | None:
    """Claim a destination and read what is next for it; see `Store.claim`."""
    found = readable(connection, now, name, instance_id)
    if found is None:
        return None
    row, head = found
    taken = connection.execute(
        "UPDATE destinations SET token = :token, claimed_until = :until WHERE log = :log AND name = :name "
        "AND next <= :head AND not_before <= :now AND (token IS NULL OR token = :token OR claimed_until <= :now) "
        "RETURNING settings, next, prev, attempts, not_before",
        {
            "token": token,
            "until": until(now, seconds),
            "log": row,
            "name": destination,
            "head": head,
            "now": now,
        },
    ).fetchone()
    if taken is None:
        return None
    settings, following, prev, attempts, not_before = taken
    return Claim(
        settings=settings,
        cursor=Cursor(next=following, prev=prev, attempts=attempts, not_before=not_before),
        events=log.following(connection, row, following - 1, CLAIM_EVENTS),
        head=head,
    )


def settle(connection: sqlite3.Connection, now: int, name: str, instance_id: str, settlement: Settlement) -> bool:
    """Move the cursor of a claimed destination; see `Store.settle`."""
    found = readable(connection, now, name, instance_id)
    if found is None:
        return False
    row = found[0]
    cursor = settlement.cursor
    keep = settlement.keep_seconds
    # A claim that ran out and that nobody took since still counts.
    moved = connection.execute(
        "UPDATE destinations SET next = ?, prev = ?, attempts = ?, not_before = ?, token = ?, claimed_until = ? "
        "WHERE log = ? AND name = ? AND token = ?",
        (
            cursor.next,
            cursor.prev,
            cursor.attempts,
            cursor.not_before,
            None if keep is None else settlement.token,
            0 if keep is None else until(now, keep),
            row,
            settlement.destination,
            settlement.token,
        ),
    )
    if moved.rowcount == 0:
        return False
    connection.executemany(
        "INSERT INTO dead_letters (log, body) VALUES (?, ?)",
        ((row, msgspec.json.encode(letter)) for letter in settlement.dead),
    )
    _drop_if_done(connection, row)
    return True


def _drop_if_done(connection: sqlite3.Connection, row: int) -> None:
    """Remove the log of a deleted instance once nothing of it is due."""
    deleted = connection.execute("SELECT 1 FROM logs WHERE log = ? AND deleted_at IS NOT NULL", (row,)).fetchone()
    if deleted is not None and not due_of(connection, row):
        drop_log(connection, row)
