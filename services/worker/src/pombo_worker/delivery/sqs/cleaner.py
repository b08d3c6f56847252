"""Removes the queues of a deleted instance once they are empty."""

from collections.abc import Awaitable, Callable

from pombo_common.model.events import EVENT_NAMES
from pombo_common.model.queue_sinks import sqs_queue
from pombo_worker.delivery.sqs.client import SqsClient, SqsError
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
        self._empty: set[str] = set()

    async def clear(self, name: str, *, anyway: bool, free: Callable[[], Awaitable[bool]]) -> bool:
        """See `Cleaner`."""
        try:
            done = [await self._cleared(sqs_queue(name, event), anyway, free) for event in EVENT_NAMES.values()]
        except SqsError:
            return False
        return all(done)

    async def _cleared(self, queue: str, anyway: bool, free: Callable[[], Awaitable[bool]]) -> bool:  # noqa: FBT001 - as clear
        """Delete a queue that was empty at this look and at the last: SQS' counts may be a minute old."""
        address = await self._queues.find(queue)
        if address is None:
            return True
        if not anyway:
            before = queue in self._empty
            if await self._used(address):
                self._empty.discard(queue)
                return False
            self._empty.add(queue)
            if not before:
                return False
        if not await free():
            return False
        self._queues.forget(queue)
        await self._client.call("delete_queue", QueueUrl=address)
        self._empty.discard(queue)
        return True

    async def _used(self, address: str) -> bool:
        told = await self._client.call("get_queue_attributes", QueueUrl=address, AttributeNames=COUNTS)
        return any(int(count) for count in told.get("Attributes", {}).values())
