"""What is done about a webhook whose receiver says that it is gone for good: it is switched off in the settings."""

import msgspec
import structlog

from pombo_common.ports.bus import Wakeup
from pombo_common.ports.changes import Change, DestinationChange, Verdict
from pombo_common.ports.store import Store
from pombo_common.projection import open_secrets, seal_secrets
from pombo_common.vault import Vault
from pombo_worker.delivery.destination_settings import Destination, WebhookDestination, seal_destination
from pombo_worker.events import now_ms

DELETED = 0
"""In the place of a record's version: the instance is deleted, and has no settings any more."""


class SwitchingOff:
    """Switches webhooks off, and drops their destinations once what was due is in the dead letters.

    Until then the destination stands with the reason in its settings, so that whoever goes on after a kill knows.
    """

    def __init__(self, store: Store, vault: Vault) -> None:
        """Write to this Store."""
        self._store = store
        self._vault = vault

    async def disable(self, wakeup: Wakeup, destination: Destination, why: str) -> int | None:
        """Switch the instance's webhook off.

        Returns:
            The version of the record that says so; DELETED without an instance; None when the webhook was set to
            another address meanwhile.
        """
        if not isinstance(destination, WebhookDestination):
            return None
        while True:
            stored = await self._store.instance(wakeup.name)
            if stored is None or stored.instance.id != wakeup.instance_id:
                return DELETED
            instance, secrets = stored.instance, open_secrets(stored.instance, self._vault)
            webhook = secrets.webhook
            if webhook is None or webhook.url != destination.url:
                return None
            if not webhook.enabled:
                return instance.version
            now = now_ms()
            secrets = msgspec.structs.replace(
                secrets, webhook=msgspec.structs.replace(webhook, enabled=False, updated_at=now)
            )
            sealed = seal_destination(
                wakeup.destination, msgspec.structs.replace(destination, gone=why), instance.id, self._vault
            )
            changed = msgspec.structs.replace(
                instance,
                sealed=seal_secrets(instance.id, secrets, self._vault),
                updated_at=now,
                version=instance.version + 1,
            )
            change = Change(
                instance_id=instance.id,
                version=instance.version,
                instance=changed,
                destinations=(DestinationChange(name=wakeup.destination, settings=sealed),),
            )
            verdict = (await self._store.apply(wakeup.name, change)).verdict
            if verdict is Verdict.APPLIED:
                structlog.get_logger().warning("delivery.switched_off", instance=instance.id, why=why)
                return changed.version

    async def drop(self, wakeup: Wakeup, version: int) -> None:
        """Drop the destination unless the instance's configuration changed since; what is aside dies with it."""
        if version == DELETED:
            return
        dropped = DestinationChange(name=wakeup.destination, settings=None)
        change = Change(instance_id=wakeup.instance_id, version=version, destinations=(dropped,))
        await self._store.apply(wakeup.name, change)

    async def drop_if_idle(self, wakeup: Wakeup, version: int) -> None:
        """Drop the destination when nothing is due on its line; else whoever comes to its line does so."""
        for state in await self._store.destinations(wakeup.name, wakeup.instance_id):
            if state.name == wakeup.destination and state.cursor.next > state.head:
                await self.drop(wakeup, version)
