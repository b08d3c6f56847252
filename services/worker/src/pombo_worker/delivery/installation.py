"""The global destinations: sinks of the installation that every instance's events go to, from the configuration."""

from pombo_common.config import Config
from pombo_worker.delivery.destination_settings import (
    GLOBAL,
    RABBITMQ,
    SQS,
    WEBHOOK,
    Destination,
    RabbitmqDestination,
    SqsDestination,
    WebhookDestination,
)
from pombo_worker.delivery.queue_sinks import rules_of


def global_destinations(config: Config) -> dict[str, Destination]:
    """Return the global destinations that are switched on, by name, without instance and token."""
    found: dict[str, Destination] = {}
    rules = rules_of(config)
    if config.webhook_global:
        found[WEBHOOK + GLOBAL] = WebhookDestination(
            instance="",
            apikey=None,
            events=list(config.webhook_events),
            url=config.webhook_global_url,
            headers={},
            by_events=config.webhook_global_by_events,
            secrets=config.global_secrets,
            trusted=True,
        )
    if config.rabbitmq_global and rules.rabbitmq:
        found[RABBITMQ + GLOBAL] = RabbitmqDestination(
            instance="",
            apikey=None,
            events=list(config.rabbitmq_events),
            exchange=config.global_exchange,
            prefix=config.rabbitmq_prefix,
        )
    if config.sqs_global and rules.sqs:
        found[SQS + GLOBAL] = SqsDestination(
            instance="",
            apikey=None,
            events=list(config.sqs_events),
            prefix=config.sqs_prefix,
            single=config.sqs_single_queue,
        )
    return found
