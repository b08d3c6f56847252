"""Tables of the Store's file, its version, and how connections to it are opened."""

import os
import sqlite3
import time
from pathlib import Path

from pombo_common.ports.store import StoreUnavailable

VERSION = 2
"""`user_version` of the files that this code writes."""

BUSY_SECONDS = 5.0
"""How long a connection waits for another process's lock before it gives up."""

BUSY_PAUSE_SECONDS = 0.01

# `logs` has one row for each instance id and outlives the instance; every other table but `commands` hangs on it, so
# that removing a row removes what belonged to it.
SCHEMA = (
    """
    CREATE TABLE logs (
        log INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        instance_id TEXT NOT NULL,
        head INTEGER NOT NULL DEFAULT 0,
        deleted_at INTEGER,
        UNIQUE (name, instance_id)
    ) STRICT
    """,
    "CREATE INDEX logs_deleted ON logs (deleted_at) WHERE deleted_at IS NOT NULL",
    """
    CREATE TABLE instances (
        log INTEGER PRIMARY KEY REFERENCES logs ON DELETE CASCADE,
        name TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        version INTEGER NOT NULL,
        token_print TEXT NOT NULL,
        wanted INTEGER NOT NULL,
        record BLOB NOT NULL,
        live BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX instances_order ON instances (created_at, name)",
    "CREATE INDEX instances_token ON instances (token_print)",
    """
    CREATE TABLE leases (
        log INTEGER PRIMARY KEY REFERENCES instances ON DELETE CASCADE,
        owner TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE credentials (
        log INTEGER PRIMARY KEY REFERENCES instances ON DELETE CASCADE,
        body BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE keys (
        log INTEGER NOT NULL REFERENCES instances ON DELETE CASCADE,
        type TEXT NOT NULL,
        id TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (log, type, id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE journal (
        position INTEGER PRIMARY KEY,
        log INTEGER NOT NULL REFERENCES instances ON DELETE CASCADE,
        id TEXT NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (log, id)
    ) STRICT
    """,
    """
    CREATE TABLE commands (
        name TEXT NOT NULL,
        id TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        not_after INTEGER NOT NULL,
        state TEXT NOT NULL,
        outcome BLOB,
        token TEXT,
        expires_at INTEGER NOT NULL,
        PRIMARY KEY (name, id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX commands_expiry ON commands (expires_at)",
    """
    CREATE TABLE events (
        log INTEGER NOT NULL REFERENCES logs ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        id TEXT NOT NULL,
        type TEXT NOT NULL,
        at INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (log, seq)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE destinations (
        log INTEGER NOT NULL REFERENCES logs ON DELETE CASCADE,
        name TEXT NOT NULL,
        settings BLOB NOT NULL,
        next INTEGER NOT NULL,
        prev INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        not_before INTEGER NOT NULL DEFAULT 0,
        token TEXT,
        claimed_until INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (log, name)
    ) STRICT, WITHOUT ROWID
    """,
)

# What version 2 added: the tries of the event at `next`, and events that left their line, aside or as dead letters.
PARKED = (
    "ALTER TABLE logs ADD COLUMN resent INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE logs ADD COLUMN place INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE destinations ADD COLUMN first INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE destinations ADD COLUMN since INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE destinations ADD COLUMN failure BLOB",
    "ALTER TABLE destinations ADD COLUMN asides_token TEXT",
    "ALTER TABLE destinations ADD COLUMN asides_until INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TABLE parked (
        log INTEGER NOT NULL REFERENCES logs ON DELETE CASCADE,
        destination TEXT NOT NULL,
        seq INTEGER NOT NULL,
        not_before INTEGER,
        place INTEGER NOT NULL,
        said BLOB NOT NULL,
        event BLOB,
        PRIMARY KEY (log, destination, seq)
    ) STRICT
    """,
    "CREATE INDEX parked_asides ON parked (log, destination, not_before) WHERE not_before IS NOT NULL",
    "CREATE INDEX parked_dead ON parked (log, place) WHERE not_before IS NULL",
)

# Version 1 kept of a dead letter what it said, and no body.
FORMER_DEAD_LETTERS = (
    """
    INSERT OR REPLACE INTO parked (log, destination, seq, not_before, place, said, event)
    SELECT log, said ->> 'destination', said ->> 'seq', NULL, position, CAST(json_object(
        'destination', said ->> 'destination', 'seq', said ->> 'seq', 'last', said ->> 'seq',
        'eventId', said ->> 'eventId', 'eventType', said ->> 'eventType', 'attempts', said ->> 'attempts',
        'kept', json('false'), 'place', position,
        'failure', json_object('reason', said ->> 'reason', 'at', said ->> 'at')) AS BLOB), NULL
    FROM (SELECT log, position, CAST(body AS TEXT) AS said FROM dead_letters) ORDER BY position
    """,
    "UPDATE logs SET place = (SELECT coalesce(max(place), 0) FROM parked WHERE parked.log = logs.log)",
    "DROP TABLE dead_letters",
)

# The letters of one destination, oldest first. Files that were made before lack this index and the three tables below,
# and code of that time does not mind them.
LETTERS = """
    CREATE INDEX IF NOT EXISTS parked_letters ON parked (log, destination, place) WHERE not_before IS NULL
"""

WORKERS = """
    CREATE TABLE IF NOT EXISTS workers (
        id TEXT PRIMARY KEY,
        said BLOB NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
"""

FOOTPRINTS = """
    CREATE TABLE IF NOT EXISTS footprints (
        instance_id TEXT NOT NULL,
        sink TEXT NOT NULL,
        name TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (instance_id, sink)
    ) STRICT, WITHOUT ROWID
"""

BLOBS = """
    CREATE TABLE IF NOT EXISTS blobs (
        name TEXT NOT NULL,
        id TEXT NOT NULL,
        part INTEGER NOT NULL,
        body BLOB NOT NULL,
        expires_at INTEGER NOT NULL,
        PRIMARY KEY (name, id, part)
    ) STRICT
"""


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open the file for writing, made and brought to this schema when it is new.

    Raises:
        StoreUnavailable: a newer version of Pombo wrote the file.
        sqlite3.Error: the file cannot be opened or is not a database.
        OSError: the file cannot be made.
    """
    # Only its owner may read the file; the files that SQLite puts beside it inherit the mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _check_version(connection, path)
        _log_ahead(connection)
        # FULL: a commit is on the disk before anyone hears of it, power cut or not.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _create(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open the existing file for reading only.

    Raises:
        sqlite3.Error: the file cannot be opened.
    """
    address = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Have the file log ahead. In this step SQLite does not wait for others that are about it, so we do."""
    give_up_at = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
            time.sleep(BUSY_PAUSE_SECONDS)  # noqa: TID251 - nobody tells when the lock of another process is free
        else:
            return


def _check_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the file's version, 0 when it is new."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise StoreUnavailable(
            f"{path} was written by a newer version of Pombo (schema {version}; this one knows {VERSION}): "
            "run that version, or start from another data folder"
        )
    return version


def _create(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables unless they are there; two processes that open a new file at once make them once."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _check_version(connection, path)
        steps = {0: SCHEMA + PARKED, 1: PARKED + FORMER_DEAD_LETTERS}
        for statement in steps.get(version, ()):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute(LETTERS)
        connection.execute(WORKERS)
        connection.execute(FOOTPRINTS)
        connection.execute(BLOBS)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
