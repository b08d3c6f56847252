"""What commands are measured against: a plain aio-pika consumer that sends each message back.

python -m tests.bench.bare_echo URL QUEUE PREFETCH
"""

import asyncio
import sys

import aio_pika
import uvloop
from aio_pika.abc import AbstractIncomingMessage

from pombo.serving import until_stopped


async def serve(url: str, queue_name: str, prefetch: int) -> None:
    """Echo until a signal."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=prefetch)
        queue = await channel.declare_queue(queue_name, durable=True, arguments={"x-queue-type": "quorum"})

        async def echo(message: AbstractIncomingMessage) -> None:
            reply = aio_pika.Message(message.body, correlation_id=message.correlation_id)
            await channel.default_exchange.publish(reply, message.reply_to or "")
            await message.ack()

        await queue.consume(echo)
        sys.stdout.write("echo is up\n")
        sys.stdout.flush()
        await until_stopped()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
