"""The RabbitMQ sink: an exchange for each instance, a queue for each event type; and the global exchange."""
