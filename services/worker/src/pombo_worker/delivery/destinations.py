"""Which destinations an instance has: derived from its configuration and from the installation's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from pombo_common.model.instance import Instance, InstanceSecrets
from pombo_common.model.settings import Webhook
from pombo_common.ports.changes import DestinationChange
from pombo_common.vault import Vault
from pombo_worker.delivery.destination_settings import (
    GLOBAL,
    KINDS,
    RABBITMQ,
    SQS,
    WEBHOOK,
    Destination,
    RabbitmqDestination,
    SqsDestination,
    WebhookDestination,
    is_global,
    seal_destination,
)


@dataclass(frozen=True, kw_only=True)
class Destinations:
    """Derives the destinations of instances from their configuration and from the installation's.

    Attributes:
        vault: seals them.
        expose_keys: events carry the instance's token.
        installation: the global destinations by name, without instance and token.
    """

    vault: Vault
    expose_keys: bool
    installation: Mapping[str, Destination] = field(default_factory=dict)

    def changes(self, instance: Instance, secrets: InstanceSecrets) -> tuple[DestinationChange, ...]:
        """Return the changes after which deliveries follow this configuration; they may be applied repeatedly."""
        return (*self._own(instance, secrets), *self._of_installation(self.installation, instance, secrets))

    def reconciled(self, instance: Instance, secrets: InstanceSecrets) -> tuple[DestinationChange, ...]:
        """Return those for global sinks alone, of which one that is not configured any more is dropped."""
        return self._of_installation([kind + GLOBAL for kind in KINDS], instance, secrets)

    def webhook(self, instance: Instance, secrets: InstanceSecrets) -> WebhookDestination | None:
        """Return the instance's webhook, switched on or not; None without an address."""
        if secrets.webhook is None:
            return None
        enabled = msgspec.structs.replace(secrets.webhook, enabled=True)
        return _webhook(instance, enabled, self._apikey(secrets))

    def completed(self, name: str, destination: Destination) -> Destination | None:
        """Return a destination as it is delivered to; None for a global one that is not configured here."""
        if not is_global(name):
            return destination
        known = self.installation.get(name)
        if known is None:
            return None
        return msgspec.structs.replace(known, instance=destination.instance, apikey=destination.apikey)

    def _own(self, instance: Instance, secrets: InstanceSecrets) -> list[DestinationChange]:
        apikey = self._apikey(secrets)
        changes = []
        if secrets.webhook is not None:
            changes.append(self._change(WEBHOOK, _webhook(instance, secrets.webhook, apikey), instance.id))
        for name, sink, kind in (
            (RABBITMQ, instance.rabbitmq, RabbitmqDestination),
            (SQS, instance.sqs, SqsDestination),
        ):
            if sink is not None:
                queue = kind(instance=instance.name, apikey=apikey, events=sink.events) if sink.enabled else None
                changes.append(self._change(name, queue, instance.id))
        return changes

    def _of_installation(
        self, names: Iterable[str], instance: Instance, secrets: InstanceSecrets
    ) -> tuple[DestinationChange, ...]:
        # The filter is stored for those who look at deliveries; what is delivered follows the configuration.
        apikey = self._apikey(secrets)
        filters = {name: destination.events for name, destination in self.installation.items()}
        return tuple(
            self._change(
                name,
                Destination(instance=instance.name, apikey=apikey, events=filters[name]) if name in filters else None,
                instance.id,
            )
            for name in names
        )

    def _change(self, name: str, destination: Destination | None, instance_id: str) -> DestinationChange:
        if destination is None:
            return DestinationChange(name=name, settings=None)
        return DestinationChange(name=name, settings=seal_destination(name, destination, instance_id, self.vault))

    def _apikey(self, secrets: InstanceSecrets) -> str | None:
        return secrets.token if self.expose_keys else None


def _webhook(instance: Instance, webhook: Webhook, apikey: str | None) -> WebhookDestination | None:
    if not webhook.enabled or not webhook.url:
        return None
    return WebhookDestination(
        instance=instance.name,
        apikey=apikey,
        url=webhook.url,
        headers=webhook.headers,
        events=webhook.events,
        by_events=webhook.by_events,
        secrets=webhook.secrets,
    )
