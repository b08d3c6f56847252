"""The queue sinks that a configuration asks for, with what runs beside them."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from pombo_common.config import Config
from pombo_common.model.queue_sinks import QueueSinkRules
from pombo_common.ports.store import Store
from pombo_common.sink_config import queue_sink_rules
from pombo_worker.delivery.cleanup import Cleaner, Cleanup
from pombo_worker.delivery.destination_settings import RABBITMQ, SQS
from pombo_worker.delivery.rabbitmq.cleaner import RabbitmqCleaner
from pombo_worker.delivery.rabbitmq.link import Broker
from pombo_worker.delivery.rabbitmq.sink import RabbitmqSink
from pombo_worker.delivery.sink import Sink
from pombo_worker.delivery.sqs.cleaner import SqsCleaner
from pombo_worker.delivery.sqs.client import SqsAccess, SqsClient
from pombo_worker.delivery.sqs.message import SqsNaming
from pombo_worker.delivery.sqs.provision import SqsProvision
from pombo_worker.delivery.sqs.queues import SqsQueues
from pombo_worker.delivery.sqs.sink import SqsSink


def rules_of(config: Config) -> QueueSinkRules:
    """Return which queue sinks an instance can have."""
    return queue_sink_rules(config, bus_url=config.bus_url)


def sqs_access(config: Config) -> SqsAccess:
    """Return how SQS is reached."""
    return SqsAccess(
        key_id=config.sqs_access_key_id,
        secret=config.sqs_secret_access_key,
        region=config.sqs_region,
        endpoint=config.sqs_endpoint_url,
        account=config.sqs_account_id,
    )


class QueueSinks:
    """RabbitMQ and SQS as one worker has them; nothing is connected before it is needed.

    Attributes:
        sinks: by the kind of their destinations.
    """

    def __init__(self, config: Config, store: Store) -> None:
        """Build what the configuration asks for."""
        rules = rules_of(config)
        self.sinks: dict[str, Sink[Any]] = {}
        self._provision: SqsProvision | None = None
        cleaners: dict[str, Cleaner] = {}
        if rules.rabbitmq:
            broker = Broker(config.rabbitmq_uri or config.bus_url or "")
            self.sinks[RABBITMQ] = RabbitmqSink(broker, server_url=config.server_url)
            cleaners[RABBITMQ] = RabbitmqCleaner(broker, config.rabbitmq_kept_seconds)
        if rules.sqs:
            client = SqsClient(sqs_access(config))
            queues = SqsQueues(client)
            naming = SqsNaming(server_name=config.server_name, server_url=config.server_url, group=config.sqs_group)
            self.sinks[SQS] = SqsSink(client, queues, naming, limit=config.sqs_payload)
            cleaners[SQS] = SqsCleaner(client, queues, config.sqs_kept_seconds)
            self._provision = SqsProvision(store, queues, config.delivery_sweep_seconds)
        self._cleanup = Cleanup(store, cleaners, config.cleanup_seconds)

    def provide(self, name: str) -> None:
        """Make the queues of an instance whose SQS sink was set, in the background."""
        if self._provision is not None:
            self._provision.wake(name)

    def start(self) -> list[asyncio.Task[None]]:
        """Begin what runs beside the sinks."""
        work: list[tuple[str, Coroutine[Any, Any, None]]] = [("cleanup", self._cleanup.run())]
        if self._provision is not None:
            work.append(("sqs queues", self._provision.run()))
        return [asyncio.create_task(each, name=name) for name, each in work]
