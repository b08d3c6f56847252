"""The bound of a destination's dead letters: the oldest lose their bodies and become ranges.

Ranges have the place of the last letter in them, so that the ranges of a destination are its first letters.
"""

import sqlite3
from collections.abc import Sequence

import msgspec

from pombo_common.ports.deliveries import DEAD_LIMIT, RANGE_LIMIT, Parked

_SAID = msgspec.json.Decoder(Parked)


def bound(connection: sqlite3.Connection, row: int, destination: str) -> None:
    """Keep at most DEAD_LIMIT letters of a destination, and RANGE_LIMIT ranges."""
    (count,) = connection.execute(
        "SELECT count(*) FROM parked WHERE log = ? AND destination = ? AND not_before IS NULL", (row, destination)
    ).fetchone()
    if count <= DEAD_LIMIT:
        return
    ranges = _ranges(connection, row, destination)
    over = max(0, count - ranges - DEAD_LIMIT)
    if over == 0 and ranges <= RANGE_LIMIT:
        return
    kept = connection.execute(
        "SELECT said FROM parked WHERE log = ? AND destination = ? AND not_before IS NULL ORDER BY place LIMIT ?",
        (row, destination, ranges + over),
    ).fetchall()
    letters = [_SAID.decode(said) for (said,) in kept]
    _replace(connection, row, letters, joined(letters))


def joined(letters: Sequence[Parked]) -> list[Parked]:
    """Return letters without their bodies, in the order of the log, joined to at most RANGE_LIMIT."""
    ranges: list[Parked] = []
    for one in sorted(letters, key=lambda letter: letter.seq):
        if ranges and _adjoins(ranges[-1], one):
            ranges[-1] = _join(ranges[-1], one)
        else:
            ranges.append(msgspec.structs.replace(one, kept=False))
    beyond = max(0, len(ranges) - RANGE_LIMIT)
    first = ranges[0]
    for one in ranges[1 : beyond + 1]:
        first = _join(first, one)
    return [first, *ranges[beyond + 1 :]]


def _adjoins(one: Parked, following: Parked) -> bool:
    """Tell whether nothing between the two was due to the destination; 0 stands for a `prev` that is not known."""
    return following.seq <= one.last + 1 or 0 < following.prev <= one.last


def _join(one: Parked, following: Parked) -> Parked:
    """Return the range that stands for both; it says why the one that died last did."""
    newer = max(one, following, key=lambda letter: letter.place)
    return msgspec.structs.replace(
        one,
        last=max(one.last, following.last),
        event_id=None,
        event_type=None,
        attempts=0,
        resend=0,
        failure=newer.failure,
        place=newer.place,
    )


def _ranges(connection: sqlite3.Connection, row: int, destination: str) -> int:
    """Return how many of a destination's first letters have no body."""
    rows = connection.execute(
        "SELECT event IS NULL FROM parked WHERE log = ? AND destination = ? AND not_before IS NULL ORDER BY place",
        (row, destination),
    )
    count = 0
    for (bare,) in rows:
        if not bare:
            break
        count += 1
    return count


def _replace(connection: sqlite3.Connection, row: int, letters: Sequence[Parked], ranges: Sequence[Parked]) -> None:
    """Put ranges where the letters were of which they are made."""
    stood = {letter.seq: letter for letter in letters}
    seqs = stood.keys() - {one.seq for one in ranges}
    connection.executemany(
        "DELETE FROM parked WHERE log = ? AND destination = ? AND seq = ?",
        ((row, stood[seq].destination, seq) for seq in seqs),
    )
    connection.executemany(
        "UPDATE parked SET place = ?, said = ?, event = NULL WHERE log = ? AND destination = ? AND seq = ?",
        (
            (one.place, msgspec.json.encode(one), row, one.destination, one.seq)
            for one in ranges
            if one != stood[one.seq]
        ),
    )
