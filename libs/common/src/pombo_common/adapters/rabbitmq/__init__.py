"""The Bus on RabbitMQ 3.10 and later: what scaled-out workers share."""

from pombo_common.adapters.rabbitmq.bus import RabbitMqBus

__all__ = ["RabbitMqBus"]
