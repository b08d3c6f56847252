"""The part of the configuration that the queue sinks have: RabbitMQ and SQS, for each instance and global."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pombo_common.model.events import EVENT_ALIASES, EVENT_NAMES
from pombo_common.model.queue_sinks import QueueSinkRules

SQS_LIMIT = 1_048_576
"""Bytes that SQS takes in one message, and in one batch."""

GROUP_PATTERN = re.compile(r"[\x21-\x7e]{0,128}\Z")

Seconds = Annotated[float, Meta(gt=0, le=604_800)]


class QueueSinkConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for the queue sinks. A name that ends in `*` stands for one switch for each event.

    Attributes:
        rabbitmq_enabled: None: on when there is a broker.
        rabbitmq_uri: the sink's own broker; None: the Bus's.
        global_exchange: where the events of all instances go when `rabbitmq_global` is on; no instance may have its
            name.
        rabbitmq_prefix: begins the names of the global queues, with a dot behind it; empty: there is none.
        rabbitmq_events: UPPER_SNAKE names of the events that go to the global exchange.
        sqs_enabled: None: on when an endpoint, a region or a key is set.
        sqs_access_key_id: with the secret; None: AWS's own chain finds credentials (role, profile, environment).
        sqs_account_id: whose queues they are; None: those of the credentials' account.
        sqs_payload: bytes; a larger message is a dead letter.
        sqs_single_queue: all global events go to one queue.
        sqs_prefix: begins the names of the global queues.
        sqs_events: as rabbitmq_events.
        sqs_group: the message group of an instance's own queues; empty: the instance's name.
        server_name: the member `server` of what goes to SQS.
        cleanup_seconds: how often the queues of deleted instances are looked at.
        rabbitmq_kept_seconds: how long such a queue is kept at most when it holds messages or has a consumer.
        sqs_kept_seconds: as rabbitmq_kept_seconds.
    """

    rabbitmq_enabled: bool | None = msgspec.field(default=None, name="RABBITMQ_ENABLED")
    rabbitmq_uri: str | None = msgspec.field(default=None, name="RABBITMQ_URI")
    rabbitmq_global: bool = msgspec.field(default=False, name="RABBITMQ_GLOBAL_ENABLED")
    global_exchange: str = msgspec.field(default="evolution_exchange", name="RABBITMQ_EXCHANGE_NAME")
    rabbitmq_prefix: str = msgspec.field(default="", name="RABBITMQ_PREFIX_KEY")
    rabbitmq_events: tuple[str, ...] = msgspec.field(default=(), name="RABBITMQ_EVENTS_*")
    sqs_enabled: bool | None = msgspec.field(default=None, name="SQS_ENABLED")
    sqs_access_key_id: str | None = msgspec.field(default=None, name="SQS_ACCESS_KEY_ID")
    sqs_secret_access_key: str | None = msgspec.field(default=None, name="SQS_SECRET_ACCESS_KEY")
    sqs_account_id: str | None = msgspec.field(default=None, name="SQS_ACCOUNT_ID")
    sqs_region: str | None = msgspec.field(default=None, name="SQS_REGION")
    sqs_endpoint_url: str | None = msgspec.field(default=None, name="SQS_ENDPOINT_URL")
    sqs_payload: Annotated[int, Meta(ge=1024, le=SQS_LIMIT)] = msgspec.field(
        default=SQS_LIMIT, name="SQS_MAX_PAYLOAD_SIZE"
    )
    sqs_global: bool = msgspec.field(default=False, name="SQS_GLOBAL_ENABLED")
    sqs_single_queue: bool = msgspec.field(default=False, name="SQS_GLOBAL_FORCE_SINGLE_QUEUE")
    sqs_prefix: str = msgspec.field(default="global", name="SQS_GLOBAL_PREFIX_NAME")
    sqs_events: tuple[str, ...] = msgspec.field(default=(), name="SQS_GLOBAL_*")
    sqs_group: str = msgspec.field(default="", name="POMBO_SQS_GROUP_ID")
    server_name: str = msgspec.field(default="evolution", name="SERVER_NAME")
    cleanup_seconds: Seconds = msgspec.field(default=300.0, name="POMBO_CLEANUP_SECONDS")
    rabbitmq_kept_seconds: Seconds = msgspec.field(default=86_400.0, name="POMBO_RABBITMQ_KEPT_SECONDS")
    sqs_kept_seconds: Seconds = msgspec.field(default=259_200.0, name="POMBO_SQS_KEPT_SECONDS")


def queue_sink_rules(config: QueueSinkConfig, *, bus_url: str | None) -> QueueSinkRules:
    """Return which queue sinks an instance can have.

    Args:
        config: what is set for the sinks.
        bus_url: the Bus's broker, which RabbitMQ sinks use when they have none of their own.
    """
    broker = config.rabbitmq_uri or bus_url
    found = config.sqs_endpoint_url or config.sqs_region or config.sqs_access_key_id
    return QueueSinkRules(
        rabbitmq=bool(broker) and config.rabbitmq_enabled is not False,
        sqs=bool(found) if config.sqs_enabled is None else config.sqs_enabled,
        rabbitmq_prefix=config.rabbitmq_prefix if config.rabbitmq_global else "",
        sqs_prefix=config.sqs_prefix if config.sqs_global else "",
    )


def event_flags(variable: str, values: Mapping[str, str], errors: list[str]) -> tuple[str, ...]:
    """Return the events that are switched on by one variable each, as in `RABBITMQ_EVENTS_CALL=true`.

    Args:
        variable: the variables' common name, which ends in `*` for the event's.
        values: all variables.
        errors: takes a line for each value that is no switch.
    """
    on = set()
    for name in (*EVENT_NAMES, *EVENT_ALIASES):
        flag = variable.removesuffix("*") + name
        try:
            if values.get(flag) and msgspec.convert(values[flag], bool, strict=False):
                on.add(EVENT_ALIASES.get(name, name))
        except msgspec.ValidationError:
            errors.append(f"{flag}: must be true or false")
    return tuple(name for name in EVENT_NAMES if name in on)


def check_queue_sinks(given: Mapping[str, Any]) -> list[str]:
    """Return a line for each thing about the queue sinks that cannot be so, which no type says."""
    errors = []
    if not (given.get("rabbitmq_uri") or "amqp://").startswith(("amqp://", "amqps://")):
        errors.append("RABBITMQ_URI: must begin with amqp:// or amqps://")
    if not (given.get("sqs_endpoint_url") or "https://").startswith(("http://", "https://")):
        errors.append("SQS_ENDPOINT_URL: must begin with http:// or https://")
    if given.get("rabbitmq_enabled") and not (given.get("rabbitmq_uri") or given.get("bus_url")):
        errors.append("RABBITMQ_URI: is required, since RABBITMQ_ENABLED is true and POMBO_BUS_URL is not set")
    if (given.get("sqs_access_key_id") is None) != (given.get("sqs_secret_access_key") is None):
        errors.append("SQS_SECRET_ACCESS_KEY: goes with SQS_ACCESS_KEY_ID; set both, or neither for AWS's own chain")
    if not GROUP_PATTERN.match(given.get("sqs_group", "")):
        errors.append("POMBO_SQS_GROUP_ID: must be at most 128 letters, digits and signs, without spaces")
    return errors
