"""Settings of a destination: what a delivery needs to know, sealed beside the cursor so that it outlives a deletion."""

from collections.abc import Mapping
from functools import cached_property
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec
from aiohttp import encode_basic_auth
from multidict import CIMultiDict

from pombo_common.model.events import CONFIG_NAMES
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
            user, password = unquote(parts.username), unquote(parts.password or "")
            own["Authorization"] = encode_basic_auth(user, password)
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
