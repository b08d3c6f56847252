"""Queues by name: their addresses, and their making."""

from pombo_worker.delivery.sqs.client import DELETED_LATELY, MISSING, SqsClient, SqsError

FIFO = {"FifoQueue": "true"}
GLOBAL_FIFO = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
"""The global queues' attributes, as consumers know them from Evolution; our ids go before the content's hash."""

DELETED_SECONDS = 60
"""How long SQS refuses the name of a deleted queue."""


class SqsQueues:
    """Remembers addresses, so that a queue is looked up or made once."""

    def __init__(self, client: SqsClient) -> None:
        """Call with this client."""
        self._client = client
        self._known: dict[str, str] = {}

    async def address(self, name: str, attributes: dict[str, str]) -> str:
        """Return a queue's URL; a queue that is missing is made.

        Raises:
            SqsError: it cannot be.
        """
        if name not in self._known:
            found = await self.find(name)
            self._known[name] = await self._make(name, attributes) if found is None else found
        return self._known[name]

    async def find(self, name: str) -> str | None:
        """Return the URL of a queue that is there.

        Raises:
            SqsError: SQS did not say.
        """
        owner = self._client.access.account
        of = {} if owner is None else {"QueueOwnerAWSAccountId": owner}
        try:
            found = await self._client.call("get_queue_url", QueueName=name, **of)
        except SqsError as error:
            if error.code in MISSING:
                return None
            raise
        return str(found["QueueUrl"])

    def forget(self, name: str) -> None:
        """Look the queue up again when it is next asked for."""
        self._known.pop(name, None)

    async def _make(self, name: str, attributes: dict[str, str]) -> str:
        try:
            made = await self._client.call("create_queue", QueueName=name, Attributes=attributes)
        except SqsError as error:
            if error.code in DELETED_LATELY:
                why = (
                    f"a queue of this name was deleted a moment ago: SQS takes the name again after {DELETED_SECONDS} s"
                )
                raise SqsError(error.code, why) from error
            raise
        return str(made["QueueUrl"])
