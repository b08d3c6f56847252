"""A Redis Cluster: each command goes to the node that has its slot, and follows it when it moves.

Only what a node refused is sent again (MOVED, ASK, TRYAGAIN: nothing of it has run). redis-py's own cluster client is
not used for that: it sends ASKING and the command that needs it over two connections, repeats what may have run, and
closes connections under calls that are in flight when slots move.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from redis.asyncio.connection import AbstractConnection
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, ResponseError, TryAgainError

from pombo_common.adapters.redis.address import ClusterAddress, Place
from pombo_common.adapters.redis.server import Command, Words
from pombo_common.adapters.redis.topology import Topology, named

TURNS = 16
"""How often a command is sent on before its refusal is the answer."""

QUICK_TURNS = 3
FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.5

Waiting = dict[int, Place | None]
"""Commands without an answer, by their place; with the node that takes this one try of it (ASK), if there is one."""


class Cluster:
    """The nodes as if they were one server; see `pombo_common.adapters.redis.server.Servers`."""

    def __init__(self, url: str, on_change: Callable[[], None]) -> None:
        """Prepare; nothing connects before the first call.

        Args:
            url: `redis+cluster://` or `rediss+cluster://` address of one or more nodes.
            on_change: called when slots have another owner than before.
        """
        self._topology = Topology(ClusterAddress(url), on_change)

    async def execute(self, key: str, words: Words) -> Any:  # noqa: ANN401 - Redis answers what the command says
        """Run one command on the node that has this key."""
        (answer,) = await self.execute_many([(key, words)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def execute_many(self, commands: Sequence[Command]) -> list[Any]:
        """Run commands, pipelined for each node; an error of one stands in the place of its answer."""
        answers: list[Any] = [None] * len(commands)
        waiting: Waiting = dict.fromkeys(range(len(commands)))
        for turn in range(TURNS):
            await self._topology.refresh()
            batches = self._batches(commands, waiting, answers)
            sending = (self._send(place, commands, batch) for place, batch in batches.items())
            sent = self._received(await asyncio.gather(*sending, return_exceptions=True))
            waiting = {}
            for (place, batch), received in zip(batches.items(), sent, strict=True):
                for at, answer in zip(batch, received, strict=True):
                    answers[at] = answer
                    if isinstance(answer, ResponseError) and self._follows(answer, place):
                        waiting[at] = _asked(answer, place)
            if not waiting:
                break
            if turn >= QUICK_TURNS or any(isinstance(answers[at], TryAgainError) for at in waiting):
                await asyncio.sleep(min(FIRST_PAUSE * 2**turn, LONGEST_PAUSE))
        return answers

    def together(self, keys: Sequence[str]) -> Iterator[Sequence[str]]:
        """Yield each key by itself: two of them seldom share a slot, and then it may move under them."""
        for key in keys:
            yield (key,)

    async def execute_everywhere(self, *words: str) -> list[Any]:
        """Run one command on each master; returns their answers."""
        await self._topology.refresh()
        servers = [self._topology.server(place) for place in self._topology.masters()]
        asking = (server.execute("", words) for server in servers)
        return self._received(await asyncio.gather(*asking, return_exceptions=True))

    def part(self, key: str) -> str:
        """Return the node that has this key; empty while nobody is known to."""
        place = self._topology.owner(key_slot(key.encode()))
        return "" if place is None else f"{place.host}:{place.port}"

    async def connection(self) -> AbstractConnection:
        """Return a connection of its own to any node that has slots: what is published reaches every node."""
        await self._topology.refresh()
        place = random.choice(self._topology.masters())  # noqa: S311 - spreads load, no secret
        return await self._topology.server(place).connection()

    async def close(self) -> None:
        """Close all connections."""
        await self._topology.close()

    def _batches(
        self, commands: Sequence[Command], waiting: Waiting, answers: list[Any]
    ) -> dict[Place, dict[int, Place | None]]:
        batches: dict[Place, Waiting] = {}
        for at, asked in waiting.items():
            place = asked or self._topology.owner(key_slot(commands[at][0].encode()))
            if place is None:
                self._topology.doubt()
                answers[at] = ClusterDownError("no node has this slot")
            else:
                batches.setdefault(place, {})[at] = asked
        return batches

    async def _send(self, place: Place, commands: Sequence[Command], batch: Waiting) -> list[Any]:
        server = self._topology.server(place)
        line: list[Command] = []
        for at, asked in batch.items():
            if asked is not None:  # It holds for the next command on the same connection alone.
                line.append(("", ("ASKING",)))
            line.append(commands[at])
        answers = await server.execute_many(line)
        return [answer for (_, words), answer in zip(line, answers, strict=True) if words[0] != "ASKING"]

    def _received(self, sent: Sequence[Any]) -> list[Any]:
        # A node that gave no answer at all: nothing is known of what it was asked, and somebody may take its place.
        for received in sent:
            if isinstance(received, BaseException):
                self._topology.doubt()
                raise received
        return list(sent)

    def _follows(self, refusal: ResponseError, place: Place) -> bool:
        """Note what a refusal says of the cluster; returns whether the command is to be sent again."""
        if isinstance(refusal, MovedError):
            self._topology.move(refusal.slot_id, Place(named(refusal.host, place), refusal.port))
            return True
        if isinstance(refusal, (AskError, TryAgainError)):
            return True
        if isinstance(refusal, ClusterDownError):
            self._topology.doubt()
        return False


def _asked(refusal: ResponseError, place: Place) -> Place | None:
    if isinstance(refusal, AskError) and not isinstance(refusal, MovedError):
        return Place(named(refusal.host, place), refusal.port)
    return None
