"""Events aside: claimed apart from their line, a few at a time, and listed."""

import sqlite3

import msgspec

from pombo_common.adapters.sqlite.leases import until
from pombo_common.adapters.sqlite.rows import readable
from pombo_common.model.events import LoggedEvent
from pombo_common.ports.deliveries import CLAIM_ASIDES, READ_BYTES, AsideClaim, Parked

_SAID = msgspec.json.Decoder(Parked)
_EVENT = msgspec.msgpack.Decoder(LoggedEvent)


def claim(
    connection: sqlite3.Connection,
    now: int,
    name: str,
    instance_id: str,
    destination: str,
    token: str,
    seconds: float,
) -> AsideClaim | None:
    """Claim the events aside whose time has come; see `Store.claim_asides`."""
    found = readable(connection, now, name, instance_id)
    if found is None:
        return None
    ripe, later = _ripe(connection, now, found[0], destination)
    if not ripe:
        return None
    taken = connection.execute(
        "UPDATE destinations SET asides_token = :token, asides_until = :until WHERE log = :log AND name = :name "
        "AND (asides_token IS NULL OR asides_token = :token OR asides_until <= :now) RETURNING settings",
        {"token": token, "until": until(now, seconds), "log": found[0], "name": destination, "now": now},
    ).fetchone()
    if taken is None:
        return None
    return AsideClaim(settings=taken[0], parked=tuple(ripe), now=now, later=later)


def _ripe(connection: sqlite3.Connection, now: int, row: int, destination: str) -> tuple[list[Parked], int | None]:
    """Read what one claim hands out, and when the first of the others is due."""
    # Without the bodies, which would go through the sorting.
    waiting = connection.execute(
        "SELECT not_before, seq FROM parked WHERE log = ? AND destination = ? AND not_before IS NOT NULL "
        "ORDER BY not_before, seq LIMIT ?",
        (row, destination, CLAIM_ASIDES + 1),
    ).fetchall()
    ripe: list[Parked] = []
    left = READ_BYTES
    for not_before, seq in waiting:
        if not_before > now or len(ripe) == CLAIM_ASIDES or left <= 0:
            return ripe, int(not_before)
        said, event = connection.execute(
            "SELECT said, event FROM parked WHERE log = ? AND destination = ? AND seq = ?", (row, destination, seq)
        ).fetchone()
        ripe.append(opened(said, event))
        left -= len(event or b"")
    return ripe, None


def listed(connection: sqlite3.Connection, now: int, name: str, instance_id: str) -> list[Parked]:
    """Return the events aside, the next to be tried first; see `Store.asides`."""
    found = readable(connection, now, name, instance_id)
    rows = connection.execute(
        "SELECT said FROM parked WHERE log = ? AND not_before IS NOT NULL ORDER BY not_before, seq, destination",
        (None if found is None else found[0],),
    )
    return [_SAID.decode(row[0]) for row in rows]


def opened(said: bytes, event: bytes | None) -> Parked:
    """Read a parked event with its body."""
    return msgspec.structs.replace(_SAID.decode(said), event=None if event is None else _EVENT.decode(event))
