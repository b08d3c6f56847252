"""Bounds how many deliveries run at once to one host; whoever waits for it holds nothing else."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self

PER_HOST = 16
"""Deliveries to one host that run at once in one worker."""


class Hosts:
    """The places at all hosts."""

    def __init__(self, limit: int = PER_HOST) -> None:
        """Give so many places at each host."""
        self._limit = limit
        self._taken: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def turn(self, host: str | None) -> "Turn":
        """Return a context that waits for a place at a host, None when it is not known yet."""
        return Turn(self, host)

    def crowded(self, host: str) -> bool:
        """Tell whether somebody waits for a place at this host."""
        return host in self._waiting

    def take(self, host: str) -> bool:
        """Take a place if there is a free one that nobody waits for."""
        if self._taken.get(host, 0) >= self._limit or self.crowded(host):
            return False
        self._taken[host] = self._taken.get(host, 0) + 1
        return True

    async def wait(self, host: str) -> None:
        """Wait for a place and take it, in the order of asking."""
        if self.take(host):
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(host, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave(host)
            elif place in self._waiting.get(host, ()):
                self._waiting[host].remove(place)
                self._tidy(host)
            raise

    def leave(self, host: str) -> None:
        """Give a place back, or on to whoever has waited longest."""
        waiting = self._waiting.get(host, ())
        while waiting:
            place = self._waiting[host].popleft()
            self._tidy(host)
            if not place.done():
                place.set_result(None)
                return
        self._taken[host] -= 1
        if not self._taken[host]:
            del self._taken[host]

    def _tidy(self, host: str) -> None:
        if not self._waiting[host]:
            del self._waiting[host]


class Turn:
    """One delivery's place."""

    def __init__(self, hosts: Hosts, host: str | None) -> None:
        self._hosts = hosts
        self._host = host

    async def __aenter__(self) -> Self:
        """Wait for the place."""
        if self._host is not None:
            host, self._host = self._host, None
            await self._hosts.wait(host)
            self._host = host
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""
        if self._host is not None:
            self._hosts.leave(self._host)

    def move(self, host: str) -> bool:
        """Have a place at this host instead, if one is free; False leaves the turn without any."""
        if host == self._host:
            return True
        if self._host is not None:
            self._hosts.leave(self._host)
            self._host = None
        if not self._hosts.take(host):
            return False
        self._host = host
        return True

    @property
    def crowded(self) -> bool:
        """Somebody waits for this place."""
        return self._host is not None and self._hosts.crowded(self._host)
