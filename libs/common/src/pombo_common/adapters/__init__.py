"""Implementations of the ports: SQLite and Redis for the Store, in-process and RabbitMQ for the Bus."""
