"""Claims: one worker at a time delivers to a destination, and moves its cursor."""

import sqlite3

import msgspec

from pombo_common.adapters.sqlite import destinations, log, parked
from pombo_common.adapters.sqlite.leases import until
from pombo_common.adapters.sqlite.part import StorePart
from pombo_common.adapters.sqlite.rows import drop_log, due_of, readable
from pombo_common.ports.deliveries import CLAIM_EVENTS, Claim, Settlement


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
        "RETURNING settings, next, prev, attempts, not_before, since, failure",
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
    settings, *line = taken
    cursor = destinations.cursor(*line)
    events = log.following(connection, row, cursor.next - 1, CLAIM_EVENTS)
    return Claim(settings=settings, cursor=cursor, events=events, head=head, now=now)


def settle(connection: sqlite3.Connection, now: int, name: str, instance_id: str, settlement: Settlement) -> bool:
    """Move the cursor of a claimed destination, or its events aside; see `Store.settle`."""
    found = readable(connection, now, name, instance_id)
    if found is None:
        return False
    row = found[0]
    moved = _move_line if settlement.cursor is not None else _keep_asides
    if not moved(connection, now, row, settlement):
        return False
    parked.forget(connection, row, settlement.destination, settlement.delivered)
    parked.park(connection, row, settlement.parked)
    if connection.execute("SELECT 1 FROM logs WHERE log = ? AND deleted_at IS NOT NULL", (row,)).fetchone():
        drop_if_done(connection, row)
    return True


def _move_line(connection: sqlite3.Connection, now: int, row: int, settlement: Settlement) -> bool:
    """Move the cursor and extend or end the claim; one that ran out and that nobody took since still counts."""
    cursor, keep = settlement.cursor, settlement.keep_seconds
    if cursor is None:
        return False
    moved = connection.execute(
        "UPDATE destinations SET next = ?, prev = ?, attempts = ?, not_before = ?, since = ?, failure = ?, token = ?, "
        "claimed_until = ? WHERE log = ? AND name = ? AND token = ?",
        (
            cursor.next,
            cursor.prev,
            cursor.attempts,
            cursor.not_before,
            cursor.since,
            None if cursor.failure is None else msgspec.json.encode(cursor.failure),
            None if keep is None else settlement.token,
            0 if keep is None else until(now, keep),
            row,
            settlement.destination,
            settlement.token,
        ),
    )
    return moved.rowcount > 0


def _keep_asides(connection: sqlite3.Connection, now: int, row: int, settlement: Settlement) -> bool:
    """Extend or end the claim of the events aside."""
    keep = settlement.keep_seconds
    kept = connection.execute(
        "UPDATE destinations SET asides_token = ?, asides_until = ? WHERE log = ? AND name = ? AND asides_token = ?",
        (
            None if keep is None else settlement.token,
            0 if keep is None else until(now, keep),
            row,
            settlement.destination,
            settlement.token,
        ),
    )
    return kept.rowcount > 0


def drop_if_done(connection: sqlite3.Connection, row: int) -> None:
    """Remove of a deleted instance what nobody needs: with nothing due its events, without dead letters all."""
    if (
        due_of(connection, row)
        or connection.execute(
            "SELECT 1 FROM parked WHERE log = ? AND not_before IS NOT NULL LIMIT 1", (row,)
        ).fetchone()
    ):
        return
    if connection.execute("SELECT 1 FROM parked WHERE log = ? LIMIT 1", (row,)).fetchone():
        connection.execute("DELETE FROM events WHERE log = ?", (row,))
    else:
        drop_log(connection, row)


class Delivering(StorePart):
    """One worker at a time at a destination."""

    async def claim(self, name: str, instance_id: str, destination: str, token: str, seconds: float) -> Claim | None:
        """Claim a destination."""
        return await self._writer.run(lambda db, now: claim(db, now, name, instance_id, destination, token, seconds))

    async def settle(self, name: str, instance_id: str, settlement: Settlement) -> bool:
        """Write back what became of a claim."""
        return await self._writer.run(lambda db, now: settle(db, now, name, instance_id, settlement))
