"""The queue sinks that a configuration asks for."""

from typing import Any

from pombo_common.config import Config
from pombo_common.model.queue_sinks import QueueSinkRules
from pombo_worker.delivery.destinations import RABBITMQ
from pombo_worker.delivery.rabbitmq.link import Broker
from pombo_worker.delivery.rabbitmq.sink import RabbitmqSink
from pombo_worker.delivery.sink import Sink


def rules_of(config: Config) -> QueueSinkRules:
    """Return which queue sinks an instance can have."""
    return QueueSinkRules.of(config, bus_url=config.bus_url)


def queue_sinks(config: Config) -> dict[str, Sink[Any]]:
    """Return the sinks by the kind of their destinations; none of them is connected yet."""
    sinks: dict[str, Sink[Any]] = {}
    if rules_of(config).rabbitmq:
        broker = Broker(config.rabbitmq_uri or config.bus_url or "")
        sinks[RABBITMQ] = RabbitmqSink(broker, server_url=config.server_url)
    return sinks
