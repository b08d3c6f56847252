"""Settings of a destination: what a delivery needs to know, sealed beside the cursor so that it outlives a deletion."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec
from multidict import CIMultiDict

from pombo_common.model.events import CONFIG_NAMES
from pombo_common.model.instance import Instance, InstanceSecrets
from pombo_common.model.settings import Webhook
from pombo_common.ports.changes import DestinationChange
from pombo_common.projection import destination_context
from pombo_common.vault import Vault
from pombo_worker.delivery.signing import Signer

WEBHOOK = "webhook"
RABBITMQ = "rabbitmq"
SQS = "sqs"
JWT_KEY = "jwt_key"
GLOBAL = ".global"
"""Ending of the names of destinations that every instance has on a sink of the installation."""


class Destination(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What destinations of every kind have. A global one is stored as this; the rest comes from the configuration.

    Attributes:
        instance: name of the instance, for the envelope.
        apikey: the instance's token when events are to carry it, else None.
        events: UPPER_SNAKE names that are delivered.
        gone: why the receiver is gone for good: the destination is being switched off; empty when it is not.
    """

    instance: str
    apikey: str | None
    events: list[str]
    gone: str = ""

    def wants(self, event_type: str) -> bool:
        """Tell whether an event of this wire name is to be delivered."""
        return CONFIG_NAMES.get(event_type) in self.events


class WebhookDestination(Destination, frozen=True, kw_only=True, rename="camel", dict=True):
    """A webhook.

    Attributes:
        headers: sent with each delivery; `jwt_key` is not sent, a fresh token signed with it is.
        by_events: the event's name is appended to the address.
        secrets: each of them signs each delivery.
        trusted: the operator set the address, so that it may lie in any network. Never so in what is stored.
    """

    url: str
    headers: dict[str, str]
    by_events: bool
    secrets: list[str] = []
    trusted: bool = False

    @cached_property
    def signer(self) -> Signer:
        """What signs the deliveries."""
        return Signer(self.secrets)

    @cached_property
    def own_headers(self) -> CIMultiDict[str]:
        """What is sent with each delivery as it was set, and whatever of that was not."""
        own = CIMultiDict({"User-Agent": "Pombo", "Accept-Encoding": "identity"})
        own.update({name: value for name, value in self.headers.items() if name != JWT_KEY})
        parts = urlsplit(self.url)
        if parts.username is not None and "Authorization" not in own:
            own["Authorization"] = _basic(unquote(parts.username), unquote(parts.password or ""))
        return own

    @cached_property
    def called(self) -> str:
        """The address without user and password, which go into a header."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class RabbitmqDestination(Destination, frozen=True, kw_only=True, rename="camel"):
    """An exchange with its queues.

    Attributes:
        exchange: the global exchange; None: the instance's own, with queues named after the instance.
        prefix: begins the names of the global queues; empty: they are named as their events.
    """

    exchange: str | None = None
    prefix: str = ""


class SqsDestination(Destination, frozen=True, kw_only=True, rename="camel"):
    """The SQS queues.

    Attributes:
        prefix: begins the names of the global queues; None: the instance's own queues.
        single: all events go to one global queue.
    """

    prefix: str | None = None
    single: bool = False


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


KINDS: Mapping[str, type[Destination]] = {
    WEBHOOK: WebhookDestination,
    RABBITMQ: RabbitmqDestination,
    SQS: SqsDestination,
}


def kind_of(name: str) -> str:
    """Return the kind of sink that a destination's name says: `webhook` of `webhook.global`."""
    return name.removesuffix(GLOBAL)


def is_global(name: str) -> bool:
    """Tell whether a destination stands on a sink of the installation."""
    return name.endswith(GLOBAL)


def seal_destination(name: str, destination: Destination, instance_id: str, vault: Vault) -> bytes:
    """Seal settings for the destination of this name."""
    return vault.seal(msgspec.json.encode(destination), destination_context(name, instance_id))


def open_destination(name: str, sealed: bytes, instance_id: str, vault: Vault) -> Destination:
    """Open the settings of the destination of this name.

    Raises:
        SealBroken: sealed with a key that we do not have.
    """
    kind = Destination if is_global(name) else KINDS[name]
    return msgspec.json.decode(vault.open(sealed, destination_context(name, instance_id)), type=kind)


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
