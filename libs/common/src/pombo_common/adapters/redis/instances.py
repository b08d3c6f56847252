"""Reading instances, one or many, and the material of their sessions."""

from collections.abc import Iterable, Sequence
from typing import Any

from pombo_common.adapters.decoding import Remembering
from pombo_common.adapters.redis.client import Database
from pombo_common.adapters.redis.keys import member, signal_key_field
from pombo_common.adapters.redis.part import StorePart
from pombo_common.adapters.redis.projections import Entry
from pombo_common.model.instance import Instance, Live
from pombo_common.ports.changes import JournalEntry
from pombo_common.ports.records import Lease, StoredInstance


class Reading(StorePart):
    """Instances by name, by token, all of them; credentials, Signal keys and journal of one."""

    def __init__(self, database: Database, log_limit: int) -> None:
        """See `StorePart`."""
        super().__init__(database, log_limit)
        self._records = Remembering(Instance)
        self._lives = Remembering(Live)

    async def instance(self, name: str) -> StoredInstance | None:
        """Read record, live state and lease of one instance in one step."""
        (answer,) = await self._database.run("read_instances", [self._keys.instance(name)])
        return self._stored(answer)

    async def instances(self) -> list[StoredInstance]:
        """Read all instances, ordered by creation, then name."""
        return _in_order(await self._read(self._keys.names))

    async def names_by_token(self, token_prints: Sequence[str]) -> list[str]:
        """Return the names of the instances whose `token_print` is one of these, ordered by creation, then name."""
        found: dict[str, StoredInstance] = {}
        for token_print in set(token_prints):
            for stored in await self._read(self._keys.token(token_print), token_print):
                found[stored.instance.name] = stored
        return [stored.instance.name for stored in _in_order(found.values())]

    async def _read(self, projection: str, token_print: str | None = None) -> list[StoredInstance]:
        members = await self._projections.members(projection)
        answers = await self._database.run_over("read_instances", [self._keys.instance(name) for name, _ in members])
        found: list[StoredInstance] = []
        stale: dict[Entry, int] = {}
        for (name, instance_id), answer in zip(members, answers, strict=True):
            stored = self._stored(answer)
            if stored is not None and _is_true(stored, instance_id, token_print):
                found.append(stored)
            else:
                stale[projection, member(name, instance_id)] = answer[0]
        await self._projections.drop(stale)
        return found

    def _stored(self, answer: Sequence[Any]) -> StoredInstance | None:
        now, record, live, owner, epoch, expires = answer
        if record is None or live is None:
            return None
        lease = None
        if expires is not None and int(expires) > now:
            lease = Lease(owner=owner.decode(), epoch=int(epoch), expires_at=int(expires))
        return StoredInstance(instance=self._records.decode(record), live=self._lives.decode(live), lease=lease)

    async def creds(self, name: str, instance_id: str) -> bytes | None:
        """Return the sealed credentials."""
        creds: bytes | None = await self._database.command("HGET", self._keys.of(name, instance_id).material, "creds")
        return creds

    async def keys(self, name: str, instance_id: str, key_type: str, ids: Sequence[str]) -> dict[str, bytes]:
        """Return the sealed Signal keys that exist, by id."""
        if not ids:
            return {}
        fields = [signal_key_field(key_type, key_id) for key_id in ids]
        values = await self._database.command("HMGET", self._keys.of(name, instance_id).material, *fields)
        return {key_id: value for key_id, value in zip(ids, values, strict=True) if value is not None}

    async def journal(self, name: str, instance_id: str) -> list[JournalEntry]:
        """Return the journal in the order in which it was written."""
        kept = await self._database.command("HGETALL", self._keys.of(name, instance_id).journal)
        return [JournalEntry(id=entry.decode(), body=body) for _, entry, body in sorted(_placed(kept))]


def _placed(kept: Sequence[bytes]) -> list[tuple[int, bytes, bytes]]:
    """Return place, id and body of each journal entry; Redis answers ids and values in turn."""
    placed = []
    for entry, value in zip(kept[::2], kept[1::2], strict=True):
        place, _, body = value.partition(b" ")
        placed.append((int(place), entry, body))
    return placed


def _is_true(stored: StoredInstance, instance_id: str, token_print: str | None) -> bool:
    return stored.instance.id == instance_id and token_print in (None, stored.instance.token_print)


def _in_order(found: Iterable[StoredInstance]) -> list[StoredInstance]:
    return sorted(found, key=lambda stored: (stored.instance.created_at, stored.instance.name))
