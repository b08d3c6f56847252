"""Removes the queues of a deleted instance once they are empty."""

from collections.abc import Awaitable, Callable

from pombo_common.model.events import EVENT_NAMES
from pombo_common.model.queue_sinks import sqs_queue
from pombo_worker.delivery.sqs.client import MISSING, SqsClient, SqsError
from pombo_worker.delivery.sqs.queues import SqsQueues

COUNTS = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]


class SqsCleaner:
    """See `Cleaner`."""

    def __init__(self, client: SqsClient, queues: SqsQueues, kept_seconds: float) -> None:
        """Clean with these, which the sink uses too."""
        self._client = client
        self._queues = queues
        self.kept_seconds = kept_seconds

    async def clear(self, name: str, *, anyway: bool, free: Callable[[], Awaitable[bool]]) -> bool:
        """See `Cleaner`."""
        empty = True
        try:
            for event in EVENT_NAMES.values():
                queue = sqs_queue(name, event)
                address = await self._queues.find(queue)
                if address is None:
                    continue
                if not anyway and await self._used(address):
                    empty = False
                    continue
                if not await free():
                    return False
                self._queues.forget(queue)
                await self._client.call("delete_queue", QueueUrl=address)
        except SqsError as error:
            return error.code in MISSING and await self.clear(name, anyway=anyway, free=free)
        return empty

    async def _used(self, address: str) -> bool:
        told = await self._client.call("get_queue_attributes", QueueUrl=address, AttributeNames=COUNTS)
        return any(int(count) for count in told.get("Attributes", {}).values())
