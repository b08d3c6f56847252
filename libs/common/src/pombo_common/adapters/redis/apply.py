"""`apply`: a `Change` as a header in JSON and blobs that pass through Redis untouched."""

from collections.abc import Sequence

import msgspec

from pombo_common.adapters.redis.client import Database
from pombo_common.adapters.redis.keys import member, signal_key_field
from pombo_common.adapters.redis.part import StorePart
from pombo_common.adapters.redis.projections import LATE_MS, Entry
from pombo_common.model.instance import Instance, Live
from pombo_common.ports.changes import Applied, Change, Verdict
from pombo_common.ports.deliveries import DEAD_LIMIT, RANGE_LIMIT
from pombo_common.ports.records import COMMAND_MS, LEGACY_MS
from pombo_common.ports.store import StoreUnavailable

LATE = b"late"
TRIES = 3


class Header(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the script reads of a change. Blobs are named by their place in ARGV, counted from 1; 0 means none."""

    id: str
    channel: str
    log_limit: int
    late_ms: int
    legacy_ms: int
    command_ms: int
    dead_limit: int
    range_limit: int
    noted: int | None = None
    token: str | None = None
    create: bool = False
    owner: str | None = None
    epoch: int | None = None
    version: int | None = None
    takes: str | None = None
    record: int | None = None
    record_version: int | None = None
    print: str | None = None
    live: int | None = None
    wanted: bool = False
    forget: bool = False
    creds: int | None = None
    keys: list[tuple[str, int]] = []
    journal: tuple[str, int] | None = None
    destinations: list[tuple[str, int]] = []
    events: list[int] = []
    delete: bool = False
    outcome: int | None = None


class Applying(StorePart):
    """The one write on one instance."""

    async def apply(self, name: str, change: Change) -> Applied:
        """Apply one change to the instance of this name, or nothing of it."""
        keys = [*self._keys.of(name, change.instance_id)]
        if change.attempt is not None:
            keys.append(self._keys.command(name, change.attempt.command))
        for _ in range(TRIES):
            noted = await self._projections.add(_announced(self._database, name, change))
            verdict, now, *rest = await self._database.run("apply", keys, *self._encode(name, change, noted))
            if verdict != LATE:
                break
            self._projections.forget()
        else:
            raise StoreUnavailable("Redis is too slow: a projection's entry was old each time its step came")
        if verdict == b"applied":
            await self._drop_after(name, change, now, rest[0].decode(), kept=bool(rest[1]))
        return Applied(verdict=Verdict(verdict.decode()), due=tuple(sorted(due.decode() for due in rest[2:])))

    async def _drop_after(self, name: str, change: Change, now: int, old_print: str, *, kept: bool) -> None:
        instance = member(name, change.instance_id)
        stale: list[Entry] = [(self._keys.token(old_print), instance)] if old_print else []
        if not change.delete:
            await self._projections.drop(dict.fromkeys(stale, now))
            return
        stale.append((self._keys.names, instance))
        if not kept:
            stale.append((self._keys.due, instance))
        await self._projections.drop_for_good(stale)

    def _encode(self, name: str, change: Change, noted: int | None) -> Sequence[bytes]:
        blobs = _Blobs()
        header = Header(
            id=change.instance_id,
            channel=self._keys.channel(name),
            log_limit=self._log_limit,
            late_ms=LATE_MS,
            legacy_ms=LEGACY_MS,
            command_ms=COMMAND_MS,
            dead_limit=DEAD_LIMIT,
            range_limit=RANGE_LIMIT,
            noted=noted,
            token=change.attempt.token if change.attempt else None,
            create=change.create,
            owner=change.held.owner if change.held else None,
            epoch=change.held.epoch if change.held else None,
            version=change.version,
            takes=change.takes,
            forget=change.forget,
            creds=blobs.add(change.creds) or None,
            keys=[(signal_key_field(key.type, key.id), blobs.add(key.body)) for key in change.keys],
            journal=(change.journal.id, blobs.add(change.journal.body)) if change.journal else None,
            destinations=[(destination.name, blobs.add(destination.settings)) for destination in change.destinations],
            events=[blobs.add(msgspec.msgpack.encode(event)) for event in change.events],
            delete=change.delete,
            outcome=blobs.add(change.outcome) or None,
        )
        if change.instance is not None:
            _describe_record(header, change.instance, blobs)
        live = change.live
        if live is None and change.create and change.instance is not None:
            live = Live(since=change.instance.created_at)
        if live is not None:
            header.live, header.wanted = blobs.add(msgspec.json.encode(live)), live.wanted
        return [msgspec.json.encode(header), *blobs.all]


class _Blobs:
    """Collects blobs for ARGV after the header."""

    def __init__(self) -> None:
        self.all: list[bytes] = []

    def add(self, blob: bytes | None) -> int:
        """Return the blob's place in ARGV; 0 for None."""
        if blob is None:
            return 0
        self.all.append(blob)
        return len(self.all) + 1


def _describe_record(header: Header, instance: Instance, blobs: _Blobs) -> None:
    header.record = blobs.add(msgspec.json.encode(instance))
    header.record_version = instance.version
    header.print = instance.token_print


def _announced(database: Database, name: str, change: Change) -> list[Entry]:
    keys = database.keys
    instance = member(name, change.instance_id)
    entries: list[Entry] = []
    if change.create:
        entries.append((keys.names, instance))
    if change.instance is not None:
        entries.append((keys.token(change.instance.token_print), instance))
    if change.events:
        entries.append((keys.due, instance))
    if any(destination.settings is None for destination in change.destinations):  # What was aside is dead then.
        entries.append((keys.dead_letters, instance))
    return entries
