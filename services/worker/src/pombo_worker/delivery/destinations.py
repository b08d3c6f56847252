"""Settings of a destination: what a delivery needs to know, sealed beside the cursor so that it outlives a deletion."""

import msgspec

from pombo_common.model.events import CONFIG_NAMES
from pombo_common.model.instance import Instance
from pombo_common.model.settings import Webhook
from pombo_common.ports.changes import DestinationChange
from pombo_common.vault import Vault

WEBHOOK = "webhook"


class WebhookDestination(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A webhook as deliveries see it.

    Attributes:
        instance: name of the instance, for the envelope.
        apikey: the instance's token when events are to carry it, else None.
        events: UPPER_SNAKE names that are delivered.
        by_events: the event's name is appended to the address.
    """

    instance: str
    apikey: str | None
    url: str
    headers: dict[str, str]
    events: list[str]
    by_events: bool

    def wants(self, event_type: str) -> bool:
        """Tell whether an event of this wire name is to be delivered."""
        return CONFIG_NAMES.get(event_type) in self.events


def webhook_destination(instance: Instance, webhook: Webhook, vault: Vault, apikey: str | None) -> DestinationChange:
    """Return the change that makes deliveries follow this webhook; a disabled one gets none."""
    if not webhook.enabled or not webhook.url:
        return DestinationChange(name=WEBHOOK, settings=None)
    settings = WebhookDestination(
        instance=instance.name,
        apikey=apikey,
        url=webhook.url,
        headers=webhook.headers,
        events=webhook.events,
        by_events=webhook.by_events,
    )
    sealed = vault.seal(msgspec.json.encode(settings), f"{instance.id}/destination/{WEBHOOK}")
    return DestinationChange(name=WEBHOOK, settings=sealed)


def open_webhook(sealed: bytes, instance_id: str, vault: Vault) -> WebhookDestination:
    """Open the settings of a webhook destination.

    Raises:
        SealBroken: sealed with a key that we do not have.
    """
    return msgspec.json.decode(vault.open(sealed, f"{instance_id}/destination/{WEBHOOK}"), type=WebhookDestination)
