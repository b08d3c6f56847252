"""Calls to Redis: bounded in time, never repeated behind the caller's back, with one error for "does not answer"."""

import asyncio
from collections.abc import Awaitable, Sequence
from itertools import islice
from typing import Any, TypeVar

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import NoScriptError, RedisError

from pombo_common.adapters.redis.address import is_cluster
from pombo_common.adapters.redis.cluster import Cluster
from pombo_common.adapters.redis.keys import Keys
from pombo_common.adapters.redis.refusals import as_unavailable
from pombo_common.adapters.redis.scripts import load_scripts
from pombo_common.adapters.redis.server import CALL_SECONDS, Server, Servers

PIPELINE = 500

Call = tuple[Sequence[str], Sequence[str | bytes | int | float]]
"""Keys and arguments of one script call."""

T = TypeVar("T")


class Database:
    """The servers and the scripts; every call raises `StoreUnavailable` when Redis does not answer, or refuses.

    Attributes:
        keys: names of the keys.
        outages: how often Redis did not answer, or another node took slots over; whoever remembers what Redis holds
            forgets it when this grows.
    """

    def __init__(self, url: str, prefix: str) -> None:
        """Prepare; nothing connects before the first call.

        Args:
            url: `redis://`, `rediss://` or `unix://` address; `redis+cluster://` or `rediss+cluster://` of a cluster.
            prefix: what all keys begin with.
        """
        self.keys = Keys(prefix)
        self.outages = 0
        self._scripts = load_scripts()
        self._servers: Servers = Cluster(url, self._note_outage) if is_cluster(url) else Server(url)

    async def close(self) -> None:
        """Close all connections."""
        await self._servers.close()

    def part(self, key: str) -> str:
        """Return which of the servers has a key, as far as is known."""
        return self._servers.part(key)

    async def connection(self) -> AbstractConnection:
        """Return a connection of its own, not yet connected and not part of a pool; for pub/sub alone."""
        return await self._servers.connection()

    async def command(self, verb: str, key: str, *words: str | bytes | int) -> Any:  # noqa: ANN401 - Redis answers what the command says
        """Run one command on one key."""
        return await self._answered(self._servers.execute(key, (verb, key, *words)))

    async def everywhere(self, *words: str) -> list[Any]:
        """Run one command on each server that takes writes; returns their answers."""
        return await self._answered(self._servers.execute_everywhere(*words))

    async def run(self, script: str, keys: Sequence[str], *args: str | bytes | float) -> Any:  # noqa: ANN401 - as above
        """Run one script; all keys must share a slot."""
        return await self._answered(self._run_one(script, keys, args))

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

    async def run_over(self, script: str, keys: Sequence[str]) -> list[Any]:
        """Run one script that answers for each of its keys by itself, over keys in any slots.

        Returns:
            The answers in the order of the keys.
        """
        calls: list[Call] = [(part, ()) for part in self._servers.together(keys)]
        return [answer for part in await self.run_many(script, calls) for answer in part]

    async def _run_one(self, name: str, keys: Sequence[str], args: Sequence[str | bytes | float]) -> Any:  # noqa: ANN401 - as above
        script = self._scripts[name]
        words = (len(keys), *keys, *args)
        try:
            return await self._servers.execute(keys[0], ("EVALSHA", script.sha, *words))
        except NoScriptError:  # Redis was restarted, or its scripts were flushed; nothing has run.
            return await self._servers.execute(keys[0], ("EVAL", script.text, *words))

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
        return await self._servers.execute_many(
            [(keys[0], (verb, script, len(keys), *keys, *args)) for keys, args in calls]
        )

    def _note_outage(self) -> None:
        self.outages += 1

    async def _answered(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await work
        except (RedisError, OSError) as error:  # a TimeoutError is an OSError
            unavailable = as_unavailable(error)
            if unavailable is None:
                raise
            self.outages += 1
            raise unavailable from error
