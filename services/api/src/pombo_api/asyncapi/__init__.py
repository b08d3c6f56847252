"""The description of the queue: how a plain AMQP client sends commands, as an AsyncAPI document."""
