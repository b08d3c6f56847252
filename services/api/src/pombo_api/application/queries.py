"""Reads of instances: the neutral view, and which instances a key may list."""

import hmac
from collections.abc import Sequence

import msgspec

from pombo_common.model.errors import PomboError
from pombo_common.model.instance import InstanceInfo, InstanceSecrets
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import Store
from pombo_common.projection import open_secrets, openable_info
from pombo_common.vault import Vault


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Query of fetchInstances; None or empty: not asked for."""

    name: str | None = None
    instance_id: str | None = None
    number: str | None = None

    @property
    def wanted(self) -> str | None:
        """What a miss is reported with."""
        return self.name or self.instance_id or self.number

    def match(self, stored: StoredInstance) -> bool:
        """Say whether an instance is asked for."""
        instance = stored.instance
        numbers = {_digits(text) for text in (instance.number, stored.live.owner_jid) if text}
        return (
            (not self.name or instance.name == self.name)
            and (not self.instance_id or instance.id == self.instance_id)
            and (not self.number or _digits(self.number) in numbers)
        )


class Queries:
    """Answers reads straight from the Store."""

    def __init__(self, store: Store, vault: Vault) -> None:
        """Read from `store`; `vault` opens what it keeps sealed."""
        self._store = store
        self._vault = vault

    def is_token(self, key: bytes, stored: StoredInstance) -> bool:
        """Say whether a key is this instance's token."""
        prints = self._vault.fingerprints(key)
        return any(hmac.compare_digest(stored.instance.token_print, given) for given in prints)

    async def matching(self, filters: Filters) -> list[StoredInstance]:
        """Return the instances that are asked for, of all.

        Raises:
            PomboError: 404 when there is none.
        """
        found = [stored for stored in await self._candidates(filters) if filters.match(stored)]
        if not found:
            raise PomboError(404, "unknown_instance", f'Instance "{filters.wanted}" not found')
        return found

    async def of_token(self, key: bytes, filters: Filters) -> list[StoredInstance]:
        """Return the instances whose token this is; an empty list when there is none, or none matches."""
        names = await self._store.names_by_token(self._vault.fingerprints(key))
        candidates = [await self._store.instance(name) for name in names]
        found = [stored for stored in candidates if stored is not None and self.is_token(key, stored)]
        return [stored for stored in found if filters.match(stored)]

    def info(self, stored: StoredInstance) -> InstanceInfo:
        """Return the neutral view; one whose secrets cannot be opened is shown without them, not left out."""
        return openable_info(stored, self._vault)

    def secrets(self, stored: StoredInstance) -> InstanceSecrets:
        """Open an instance's secrets.

        Raises:
            SealBroken: sealed under a key that is no longer in the ring.
        """
        return open_secrets(stored.instance, self._vault)

    async def _candidates(self, filters: Filters) -> Sequence[StoredInstance]:
        if not filters.name:
            return await self._store.instances()
        stored = await self._store.instance(filters.name)
        return [] if stored is None else [stored]


def _digits(text: str) -> str:
    """Return the number of a number or a JID."""
    return text.partition("@")[0].partition(":")[0].lstrip("+").strip()
