"""Sends events to SQS in batches, and says of each message what became of it."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from pombo_common.sink_config import SQS_LIMIT
from pombo_worker.delivery.destination_settings import SqsDestination
from pombo_worker.delivery.sink import Delivery, Outcome
from pombo_worker.delivery.sqs.client import DELETED_LATELY, MISSING, SqsClient, SqsError
from pombo_worker.delivery.sqs.message import SqsMessage, SqsNaming, message_of
from pombo_worker.delivery.sqs.queues import DELETED_SECONDS, FIFO, GLOBAL_FIFO, SqsQueues

BATCH = 10
"""Messages that SQS takes in one batch."""

FINAL_CODES = frozenset({"InvalidMessageContents", "InvalidParameterValue", "MessageTooLong"})
"""Refusals of a message itself, which no further try mends."""

Numbered = list[tuple[int, SqsMessage]]


class SqsSink:
    """See `Sink`."""

    batch = BATCH

    def __init__(self, client: SqsClient, queues: SqsQueues, naming: SqsNaming, *, limit: int = SQS_LIMIT) -> None:
        """Send with these.

        Args:
            client: calls SQS; closed with the sink.
            queues: finds and makes queues.
            naming: what an installation puts into messages.
            limit: bytes; a larger message is given up.
        """
        self._client = client
        self._queues = queues
        self._naming = naming
        self._limit = limit

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.close()

    def host(self, _: SqsDestination, /) -> str:
        """Return the endpoint's host, or that it is SQS."""
        return urlsplit(self._client.access.endpoint or "").netloc or "sqs"

    async def send(self, destination: SqsDestination, _: str, deliveries: Sequence[Delivery], /) -> Sequence[Outcome]:
        """Send these; those for one queue in their order."""
        messages = [message_of(destination, delivery, self._naming) for delivery in deliveries]
        outcomes: dict[int, Outcome] = {}
        sound: dict[str, Numbered] = {}
        for at, message in enumerate(messages):
            if message.size > self._limit:
                why = f"the message has {message.size} bytes, and SQS takes at most {self._limit}"
                outcomes[at] = Outcome(ok=False, why=why, final=True)
            else:
                sound.setdefault(message.queue, []).append((at, message))
        attributes = FIFO if destination.prefix is None else GLOBAL_FIFO
        for queue, numbered in sound.items():
            for batch in _batches(numbered):
                outcomes |= await self._batch(queue, attributes, batch)
        return [outcomes[at] for at in range(len(messages))]

    async def _batch(self, queue: str, attributes: dict[str, str], batch: Numbered) -> dict[int, Outcome]:
        try:
            try:
                return await self._sent(await self._queues.address(queue, attributes), batch)
            except SqsError as error:
                if error.code not in MISSING:
                    raise
            # It was deleted under us.
            self._queues.forget(queue)
            return await self._sent(await self._queues.address(queue, attributes), batch)
        except SqsError as error:
            if error.code in MISSING:
                self._queues.forget(queue)
            wait = DELETED_SECONDS if error.code in DELETED_LATELY else None
            return {at: Outcome(ok=False, why=str(error), retry_after=wait, away=error.away) for at, _ in batch}

    async def _sent(self, address: str, batch: Numbered) -> dict[int, Outcome]:
        entries = [{"Id": str(at), **message.entry} for at, message in batch]
        answer = await self._client.call("send_message_batch", QueueUrl=address, Entries=entries)
        outcomes = {int(each["Id"]): Outcome(ok=True) for each in answer.get("Successful", ())}
        for each in answer.get("Failed", ()):
            code = str(each.get("Code", ""))
            outcomes[int(each["Id"])] = Outcome(
                ok=False, why=f"SQS refused the message ({code})", final=code in FINAL_CODES
            )
        silent = Outcome(ok=False, why="SQS said nothing of this message")
        return {at: outcomes.get(at, silent) for at, _ in batch}


def _batches(numbered: Numbered) -> Iterable[Numbered]:
    """Split what goes to one queue by number and bytes, in order."""
    batch: Numbered = []
    size = 0
    for at, message in numbered:
        if batch and (len(batch) == BATCH or size + message.size > SQS_LIMIT):
            yield batch
            batch, size = [], 0
        batch.append((at, message))
        size += message.size
    if batch:
        yield batch
