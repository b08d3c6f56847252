"""Calls to SQS: boto3 in threads of its own, loaded when it is first needed (its import takes a second)."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

THREADS = 16
CONNECT_SECONDS = 5
READ_SECONDS = 10

MISSING = frozenset({"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"})
DELETED_LATELY = frozenset({"QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"})

SERVER_FAULT = 500
AWAY = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "RequestExpired",
        "RequestThrottled",
        "SignatureDoesNotMatch",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "UnrecognizedClientException",
    }
)
"""Refusals of the caller, not of what it asks for: they end when somebody mends the account, or by themselves."""


class SqsError(Exception):
    """A call was refused, or got no answer; the message is for people and holds no secret.

    Attributes:
        code: SQS' word for it; empty when SQS was not reached.
        away: no call would fare better now, whatever it asks for.
    """

    def __init__(self, code: str, why: str, *, status: int = 0) -> None:
        """Name the refusal; `status` is the answer's over HTTP, 0 for none."""
        super().__init__(why)
        self.code = code
        self.away = not code or status >= SERVER_FAULT or code in AWAY


class SqsAccess(msgspec.Struct, frozen=True, kw_only=True):
    """How SQS is reached.

    Attributes:
        key_id: None: AWS's own chain finds the credentials.
        region: None: AWS's own settings name it.
        endpoint: address in place of AWS's.
        account: whose queues they are; None: the credentials' own.
    """

    key_id: str | None = None
    secret: str | None = None
    region: str | None = None
    endpoint: str | None = None
    account: str | None = None


class SqsClient:
    """One client for all; boto3's is safe to share between threads."""

    def __init__(self, access: SqsAccess) -> None:
        """Nothing is loaded or connected yet."""
        self.access = access
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="sqs")
        self._making = asyncio.Lock()
        self._client: Any = None

    async def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """Make one call, such as `send_message_batch`.

        Raises:
            SqsError: it was refused, or got no answer.
        """
        async with self._making:
            if self._client is None:
                self._client = await self._run(_client, self.access)
        answer: dict[str, Any] = await self._run(_call, self._client, operation, arguments)
        return answer

    async def close(self) -> None:
        """Let go of all; what is under way ends by its own deadline."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            self._client.close()

    async def _run(self, work: Any, *arguments: object) -> Any:  # noqa: ANN401 - a call of any kind
        return await asyncio.get_running_loop().run_in_executor(self._executor, _translated, work, arguments)


def _client(access: SqsAccess) -> Any:  # noqa: ANN401 - boto3 makes its clients' types at run time
    import boto3  # noqa: PLC0415 - its import takes a second, which only those pay who use SQS
    from botocore.config import Config  # noqa: PLC0415 - as above

    return boto3.session.Session().client(
        "sqs",
        aws_access_key_id=access.key_id,
        aws_secret_access_key=access.secret,
        region_name=access.region,
        endpoint_url=access.endpoint,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=THREADS,
            retries={"total_max_attempts": 2, "mode": "standard"},
        ),
    )


def _call(client: Any, operation: str, arguments: dict[str, object]) -> Any:  # noqa: ANN401 - as _client
    return getattr(client, operation)(**arguments)


def _translated(work: Any, arguments: tuple[object, ...]) -> Any:  # noqa: ANN401 - as _run
    """Do a piece of work in a thread.

    Raises:
        SqsError: in place of the library's errors.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as _client

    try:
        return work(*arguments)
    except ClientError as error:
        told = error.response.get("Error", {})
        code = str(told.get("Code", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        raise SqsError(code, f"SQS refused ({code})", status=status) from error
    except (BotoCoreError, OSError, ValueError) as error:
        # The class alone: the library's messages can hold the address.
        raise SqsError("", f"SQS cannot be used ({type(error).__name__})") from error
