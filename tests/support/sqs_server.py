"""moto's server in place of SQS, which cannot be run locally, and a consumer as its owner writes it: plain boto3."""

import time
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

DEADLINE = 30.0
SETTINGS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


class SqsServer:
    """A server on an ephemeral loopback port.

    Attributes:
        url: its endpoint.
    """

    def __init__(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self.url = ""

    def start(self) -> None:
        """Start it; return once it listens."""
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"

    def stop(self) -> None:
        """End it."""
        self._server.stop()

    @property
    def env(self) -> dict[str, str]:
        """The variables with which Pombo uses it."""
        return {
            "SQS_ENDPOINT_URL": self.url,
            "SQS_ACCESS_KEY_ID": SETTINGS["aws_access_key_id"],
            "SQS_SECRET_ACCESS_KEY": SETTINGS["aws_secret_access_key"],
            "SQS_REGION": SETTINGS["region_name"],
        }

    def client(self) -> Any:  # noqa: ANN401 - boto3 makes its clients' types at run time
        """Return a plain client."""
        session: Any = boto3.session.Session()
        return session.client("sqs", endpoint_url=self.url, **SETTINGS)

    def make(self, queue: str) -> None:
        """Make a queue as a consumer does that is there before Pombo."""
        client = self.client()
        client.create_queue(QueueName=queue, Attributes={"FifoQueue": "true"})
        client.close()

    def delete(self, queue: str) -> None:
        """Delete a queue."""
        client = self.client()
        client.delete_queue(QueueUrl=client.get_queue_url(QueueName=queue)["QueueUrl"])
        client.close()

    def queues(self, prefix: str) -> set[str]:
        """Return the names of the queues that begin so."""
        client = self.client()
        urls = client.list_queues(QueueNamePrefix=prefix, MaxResults=1000).get("QueueUrls", [])
        client.close()
        return {url.rpartition("/")[2] for url in urls}

    def take(self, queue: str, count: int) -> list[dict[str, Any]]:
        """Receive and delete so many messages.

        Raises:
            TimeoutError: fewer came in time.
        """
        client = self.client()
        taken: list[dict[str, Any]] = []
        deadline = time.monotonic() + DEADLINE
        try:
            while len(taken) < count:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{len(taken)} of {count} messages came from {queue}")
                taken += self._received(client, queue)
        finally:
            client.close()
        return taken

    def take_some(self, queue: str) -> list[dict[str, Any]]:
        """Receive and delete what is there now; nothing when there is no such queue."""
        client = self.client()
        taken: list[dict[str, Any]] = []
        try:
            while part := self._received(client, queue, wait=0):
                taken += part
        finally:
            client.close()
        return taken

    def _received(self, client: Any, queue: str, *, wait: int = 1) -> list[dict[str, Any]]:  # noqa: ANN401 - as client
        try:
            url = client.get_queue_url(QueueName=queue)["QueueUrl"]
            messages: list[dict[str, Any]] = client.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=wait,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
        except client.exceptions.QueueDoesNotExist:
            return []
        for message in messages:
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages
