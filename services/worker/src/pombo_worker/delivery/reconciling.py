"""Brings the global destinations of existing instances in line with this worker's configuration."""

import asyncio

import msgspec
import structlog

from pombo_common.ports.changes import Change, DestinationChange
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_common.projection import open_secrets
from pombo_common.vault import SealBroken
from pombo_worker.delivery.destination_settings import is_global, open_destination
from pombo_worker.delivery.destinations import Destinations
from pombo_worker.repeating import repeat, tell_of

PAUSE_SECONDS = 0.02
"""Between two instances: a start must not be a burst."""

RETRY_SECONDS = 2.0
BROKEN_SECONDS = 60.0
"""After a look that failed at one instance: whatever that was, it may last."""


class Reconciliation:
    """Goes over all instances once, and again after an outage until it has seen them all. Idempotent."""

    def __init__(self, store: Store, destinations: Destinations) -> None:
        """Bring what is in this Store in line with these."""
        self._store = store
        self._destinations = destinations

    async def run(self) -> None:
        """Go over all instances; a new one has its global destinations from its creation on."""
        await repeat("destinations", self._all, retry=RETRY_SECONDS)

    async def _all(self) -> float | None:
        pause = None
        for stored in await self._store.instances():
            try:
                await self._one(stored)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - the other instances must have their turn
                tell_of("destinations", error, instance=stored.instance.id)
                pause = BROKEN_SECONDS
            await asyncio.sleep(PAUSE_SECONDS)
        return pause

    async def _one(self, stored: StoredInstance) -> None:
        instance = stored.instance
        try:
            wanted = self._destinations.reconciled(instance, open_secrets(instance, self._destinations.vault))
            changes = await self._missing(stored, wanted)
        except (SealBroken, msgspec.DecodeError):
            structlog.get_logger().warning("delivery.unreadable", instance=instance.id)
            return
        if changes:
            # A configuration that was changed meanwhile has brought its destinations along.
            change = Change(instance_id=instance.id, version=instance.version, destinations=changes)
            await self._store.apply(instance.name, change)

    async def _missing(
        self, stored: StoredInstance, wanted: tuple[DestinationChange, ...]
    ) -> tuple[DestinationChange, ...]:
        """Return those changes that would change something."""
        instance, vault = stored.instance, self._destinations.vault
        there = {
            state.name: open_destination(state.name, state.settings, instance.id, vault)
            for state in await self._store.destinations(instance.name, instance.id)
            if is_global(state.name)
        }
        return tuple(
            change
            for change in wanted
            if there.get(change.name)
            != (None if change.settings is None else open_destination(change.name, change.settings, instance.id, vault))
        )
