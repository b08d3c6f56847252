"""Leases: who runs which instance's session. They lie in the instance's own hash."""

from collections.abc import Iterable, Mapping, Sequence

from pombo_common.adapters.redis.client import Call
from pombo_common.adapters.redis.keys import member
from pombo_common.adapters.redis.part import StorePart
from pombo_common.adapters.redis.projections import Entry
from pombo_common.ports.changes import Held


class Leasing(StorePart):
    """Taking, renewing and ending leases, and finding instances that nobody runs."""

    async def acquire(self, name: str, instance_id: str, owner: str, seconds: float, last: int = 0) -> int | None:
        """Take the lease for a worker; the new epoch, or None when it cannot be had."""
        keys = [self._keys.instance(name)]
        epoch: int | None = await self._database.run("lease_acquire", keys, instance_id, owner, seconds, last)
        return epoch

    async def renew(self, owner: str, held: Mapping[str, int], seconds: float) -> set[str]:
        """Extend the unexpired leases that this owner holds with these epochs; returns the names of those lost."""
        calls: list[Call] = [([self._keys.instance(name)], [owner, epoch, seconds]) for name, epoch in held.items()]
        answers = await self._database.run_many("lease_renew", calls)
        return {name for name, kept in zip(held, answers, strict=True) if not kept}

    def parts(self, names: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """Sort names by the server that has them."""
        sorted_out: dict[str, list[str]] = {}
        for name in names:
            sorted_out.setdefault(self._database.part(self._keys.instance(name)), []).append(name)
        return sorted_out

    async def release(self, name: str, instance_id: str, held: Held) -> None:
        """End this lease now; without effect when it is another's. The epoch is remembered."""
        keys = [self._keys.instance(name)]
        await self._database.run("lease_release", keys, instance_id, held.owner, held.epoch, self._keys.released)

    async def abandoned(self) -> list[str]:
        """Return names of instances whose live state is `wanted` and whose lease is missing or expired."""
        members = await self._projections.members(self._keys.names)
        calls: list[Call] = [([self._keys.instance(name)], [instance_id]) for name, instance_id in members]
        answers = await self._database.run_many("read_wanted", calls)
        found: list[str] = []
        stale: dict[Entry, int] = {}
        for (name, instance_id), (now, exists, free) in zip(members, answers, strict=True):
            if not exists:
                stale[self._keys.names, member(name, instance_id)] = now
            elif free:
                found.append(name)
        await self._projections.drop(stale)
        return found
