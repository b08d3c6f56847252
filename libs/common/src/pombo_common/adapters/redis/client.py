"""Calls to Redis: bounded in time, never repeated behind the caller's back, with one error for "does not answer"."""

import asyncio
from collections.abc import Awaitable, Sequence
from itertools import islice
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from pombo_common.adapters.redis.keys import Keys
from pombo_common.adapters.redis.scripts import load_scripts
from pombo_common.ports.store import StoreUnavailable

CALL_SECONDS = 6.0
SOCKET_SECONDS = 5.0
CONNECT_SECONDS = 3.0
CONNECTIONS = 32
PIPELINE = 500
REFUSALS = (
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "UNKILLABLE",
)
"""Codes with which Redis says that it cannot answer now, whatever was asked; nothing was written then."""

Call = tuple[Sequence[str], Sequence[str | bytes | int | float]]
"""Keys and arguments of one script call."""

T = TypeVar("T")


class Database:
    """One pool of connections and the scripts; every call raises `StoreUnavailable` when Redis does not answer.

    Attributes:
        keys: names of the keys.
        outages: how often Redis did not answer; whoever remembers what Redis holds forgets it when this grows.
    """

    def __init__(self, url: str, prefix: str) -> None:
        """Prepare; nothing connects before the first call.

        Args:
            url: `redis://`, `rediss://` or `unix://` address.
            prefix: what all keys begin with.
        """
        self.keys = Keys(prefix)
        self.outages = 0
        self._scripts = load_scripts()
        # A step whose answer was lost may have happened: only its caller can tell whether to ask again.
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=CALL_SECONDS,
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            client_name="pombo",
        )
        self._client = Redis(connection_pool=self._pool)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
        await self._pool.disconnect()

    def connection(self) -> AbstractConnection:
        """Return a connection of its own, not yet connected and not part of the pool."""
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        return connection

    async def command(self, *words: str | bytes | int) -> Any:  # noqa: ANN401 - Redis answers what the command says
        """Run one command."""
        return await self._answered(self._client.execute_command(*words))  # type: ignore[no-untyped-call]

    async def run(self, script: str, keys: Sequence[str], *args: str | bytes | float) -> Any:  # noqa: ANN401 - as above
        """Run one script; all keys must share a slot."""
        return await self._answered(self._run_one(script, (*keys, *args), len(keys)))

    async def run_many(self, script: str, calls: Sequence[Call]) -> list[Any]:
        """Run one script once for each call, pipelined; each run is a step of its own.

        Returns:
            The answers in the order of the calls.
        """
        answers: list[Any] = []
        remaining = iter(calls)
        while part := list(islice(remaining, PIPELINE)):
            answers += await self._answered(self._run_part(script, part))
        return answers

    async def _run_one(self, name: str, words: Sequence[str | bytes | float], keys: int) -> Any:  # noqa: ANN401 - as above
        script = self._scripts[name]
        try:
            return await self._client.execute_command("EVALSHA", script.sha, keys, *words)  # type: ignore[no-untyped-call]
        except NoScriptError:  # Redis was restarted, or its scripts were flushed; nothing has run.
            return await self._client.execute_command("EVAL", script.text, keys, *words)  # type: ignore[no-untyped-call]

    async def _run_part(self, name: str, calls: Sequence[Call]) -> list[Any]:
        script = self._scripts[name]
        answers = await self._send("EVALSHA", script.sha, calls)
        unknown = [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:
            for at, answer in zip(
                unknown, await self._send("EVAL", script.text, [calls[at] for at in unknown]), strict=True
            ):
                answers[at] = answer
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def _send(self, verb: str, script: str | bytes, calls: Sequence[Call]) -> list[Any]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for keys, args in calls:
                pipeline.execute_command(verb, script, len(keys), *keys, *args)
            return await pipeline.execute(raise_on_error=False)

    async def _answered(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await work
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:  # a TimeoutError is an OSError
            self.outages += 1
            raise StoreUnavailable(f"Redis does not answer: {type(error).__name__}") from error
        except RedisError as error:
            if not _cannot_answer_now(error):
                raise
            self.outages += 1
            raise StoreUnavailable(f"Redis does not answer: {error}") from error


def _cannot_answer_now(error: RedisError) -> bool:
    # redis-py takes the code off the message of the errors for which it has a class of its own.
    code = str(error).partition(" ")[0]
    own_class = isinstance(error, ResponseError) and type(error) is not ResponseError
    return code in REFUSALS or (own_class and type(error).__name__ in _REFUSAL_CLASSES)


_REFUSAL_CLASSES = frozenset(
    {"BusyLoadingError", "ClusterDownError", "MasterDownError", "OutOfMemoryError", "ReadOnlyError", "TryAgainError"}
)
