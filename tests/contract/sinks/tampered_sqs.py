"""A client of SQS that a test may step into."""

from typing import Any

from pombo_worker.delivery.sqs.client import SqsAccess, SqsClient, SqsError
from tests.support.sqs_server import SETTINGS


class TamperedClient(SqsClient):
    """A client between whose calls and answers a test may step, as what moto never does cannot be had otherwise.

    Attributes:
        refused: bodies' parts whose messages SQS is to refuse once, each with the code.
        batches: how many messages each batch held, and their bytes.
    """

    def __init__(self, access: SqsAccess) -> None:
        super().__init__(access)
        self.refused: dict[str, str] = {}
        self.missing: list[str] = []
        self.batches: list[tuple[int, int]] = []

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's arguments
        if operation == "create_queue" and self.missing:
            raise SqsError(self.missing.pop(), "told by SQS")
        if operation != "send_message_batch":
            return await super().call(operation, **arguments)
        entries = arguments["Entries"]
        self.batches.append((len(entries), sum(len(entry["MessageBody"]) for entry in entries)))
        failed = [
            {"Id": entry["Id"], "SenderFault": True, "Code": self.refused.pop(part)}
            for entry in entries
            for part in list(self.refused)
            if part in entry["MessageBody"]
        ]
        sound = [entry for entry in entries if entry["Id"] not in {each["Id"] for each in failed}]
        answer = await super().call(operation, **arguments | {"Entries": sound})
        return answer | {"Failed": failed}


def access(url: str) -> SqsAccess:
    """Return the way to a server."""
    return SqsAccess(
        key_id=SETTINGS["aws_access_key_id"],
        secret=SETTINGS["aws_secret_access_key"],
        region=SETTINGS["region_name"],
        endpoint=url,
    )
