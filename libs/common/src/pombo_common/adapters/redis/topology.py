"""Which node of a cluster has which slot: asked of the nodes, and corrected by what their redirections say."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

from redis.crc import REDIS_CLUSTER_HASH_SLOTS
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError

from pombo_common.adapters.redis.address import ClusterAddress, Place
from pombo_common.adapters.redis.server import Server

ASK_SECONDS = 2.0
"""How long the nodes have to say who has which slot."""

REFRESH_SECONDS = 0.2
"""The nodes are not asked again sooner than this after they answered."""

UNNAMED = ("", "?")
"""In place of a host: the one that was asked."""

Owners = dict[int, Place]


class Topology:
    """The nodes of one cluster and the slots of each."""

    def __init__(self, address: ClusterAddress, on_change: Callable[[], None]) -> None:
        """Prepare; nobody is asked before the first call.

        Args:
            address: the nodes that are asked first.
            on_change: called when slots have another owner than before; a failover may have lost writes then.
        """
        self._address = address
        self._on_change = on_change
        self._servers: dict[Place, Server] = {}
        self._owners: Owners = {}
        self._doubtful = True
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[Exception | None] | None = None

    def owner(self, slot: int) -> Place | None:
        """Return the node that has this slot, as far as is known."""
        return self._owners.get(slot)

    def masters(self) -> list[Place]:
        """Return every node that has slots."""
        return list(dict.fromkeys(self._owners.values()))

    def server(self, place: Place) -> Server:
        """Return the pool of one node's connections."""
        if place not in self._servers:
            self._servers[place] = Server(self._address.url(place))
        return self._servers[place]

    def doubt(self) -> None:
        """Ask the nodes before the next call: one of them did not do what was expected of it."""
        self._doubtful = True

    def move(self, slot: int, place: Place) -> None:
        """Note what a node said of one slot; the others may have moved with it."""
        self._owners[slot] = place
        self.doubt()
        self._on_change()

    async def refresh(self) -> None:
        """Ask the nodes when that is due, together with whoever else waits for it.

        Raises:
            redis.exceptions.ConnectionError: none of them answers; an AuthenticationError when they refuse the user.
            redis.exceptions.NoPermissionError: the user may not ask them.
        """
        if not self._doubtful or monotonic() - self._asked_at < REFRESH_SECONDS:
            return
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="redis-topology")
        failure = await asyncio.shield(self._asking)
        if isinstance(failure, AuthenticationError | NoPermissionError):  # The nodes answer, and not to this user.
            raise type(failure)(str(failure)) from failure
        if failure is not None:
            raise RedisConnectionError("no node of the cluster says who has which slot") from failure

    async def close(self) -> None:
        """Close all connections."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
        for server in self._servers.values():
            await server.close()

    async def _ask(self) -> Exception | None:
        # All at once, since a frozen one would hold up the call that waits; whoever answers first is believed, and
        # put right by the redirections of the others.
        asked = [asyncio.create_task(self._slots(place)) for place in {*self.masters(), *self._address.seeds}]
        failure: Exception = RedisConnectionError("no node has any slot")
        try:
            for answer in asyncio.as_completed(asked, timeout=ASK_SECONDS):
                try:
                    owners = await answer
                except (RedisError, OSError) as error:  # a TimeoutError is an OSError
                    failure = error
                    continue
                if owners:
                    await self._adopt(owners)
                    return None
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        return failure

    async def _slots(self, place: Place) -> Owners:
        ranges = await self.server(place).execute("", ("CLUSTER", "SLOTS"))
        return dict(_owners(ranges, place))

    async def _adopt(self, owners: Owners) -> None:
        changed = bool(self._owners) and owners != self._owners
        self._owners = owners
        self._doubtful = False
        self._asked_at = monotonic()
        if not changed:
            return
        self._on_change()
        current = set(self.masters())
        for place, server in self._servers.items():
            if place not in current:  # It may still answer steps that were sent to it before.
                await server.rest()


def _owners(ranges: list[Any], asked: Place) -> Iterator[tuple[int, Place]]:
    for first, last, (host, port, *_), *_ in ranges:
        place = Place(named(host, asked), int(port))
        for slot in range(int(first), min(int(last), REDIS_CLUSTER_HASH_SLOTS - 1) + 1):
            yield slot, place


def named(host: bytes | str | None, asked: Place) -> str:
    """Return the host that a node named, or the asked one's when it named none."""
    text = host.decode() if isinstance(host, bytes) else host or ""
    return asked.host if text in UNNAMED else text
