"""Create an instance over RabbitMQ and print the reply: `python amqp_command.py amqp://localhost shop1`."""

import json
import sys
import uuid

import pika


def main(url: str, instance: str) -> None:
    """Send one command and wait up to 30 s for its reply."""
    command = {"id": str(uuid.uuid4()), "type": "instance.create", "instance": instance}
    command |= {"integration": "WHATSAPP-SANDBOX", "qrcode": True}
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()  # A command that reaches no queue raises.
        replies = channel.queue_declare("", exclusive=True).method.queue
        properties = pika.BasicProperties(
            delivery_mode=2, expiration="30000", reply_to=replies, correlation_id=command["id"]
        )
        channel.basic_publish("pombo.bus", "command", json.dumps(command), properties, mandatory=True)
        _, _, body = next(channel.consume(replies, auto_ack=True, inactivity_timeout=30))
        if body is None:
            # Publish the same command again: under the same id it has one effect, and gets the same reply.
            sys.exit(f"no reply to {command['id']}")
        print(json.dumps(json.loads(body), indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
