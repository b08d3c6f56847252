"""The places that a delivery needs, so that no receiver that hangs takes those of another."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from pombo_worker.delivery.destination_settings import Destination
from pombo_worker.delivery.places import Bound, Place, leave_all, take_all, wait_for_all
from pombo_worker.delivery.sink import Delivery, Outcome, Sink
from pombo_worker.delivery.trying import tried

PER_HOST = 16
"""Sendings to one host name and port that run at once in one worker."""

PER_NAME = 64
"""Sendings to one host name, whatever the port."""

QUICK = 256
"""Deliveries to one kind of sink that run at once; a sending that lasts long gives up its place among them."""

LONG = 256
"""Sendings that turned out to last long; one more ends the one that has gone on longest."""

ILL = 256
"""Deliveries to destinations whose last sending hung: those wait for each other only."""

LONG_SECONDS = 1.0
"""What takes longer is long."""

ENDED = Outcome(ok=False, why="the receiver did not answer in time (less than usual, since many do not answer)")


class Places:
    """All places of one worker; each kind of sink has its own.

    Attributes:
        closed: the worker stops, and no round is to send any more.
    """

    def __init__(self) -> None:
        """Let all be free."""
        self.closed = False
        self._quick = Bound(QUICK)
        self._ill = Bound(ILL)
        self._long: dict[str, dict[Turn, None]] = {}
        self._servers = Bound(PER_HOST)
        self._names = Bound(PER_NAME)
        # What is well at a host keeps half of its places.
        self._ill_servers = Bound(PER_HOST // 2)
        self._ill_names = Bound(PER_NAME // 2)

    def turn(self, kind: str, *, ill: bool = False) -> "Turn":
        """Return a turn that holds no place yet, in whose context places are given back.

        Args:
            kind: of the sink.
            ill: the destination's last sending hung.
        """
        return Turn(self, kind, ill=ill)

    def common(self, kind: str, *, ill: bool) -> Place:
        """Return the place among all of a kind."""
        return Place(self._ill if ill else self._quick, kind)

    def at(self, kind: str, host: str, *, ill: bool) -> tuple[Place, ...]:
        """Return the places at a host."""
        server, name = f"{kind} {host}", f"{kind} {host.rpartition(':')[0] or host}"
        both = Place(self._servers, server), Place(self._names, name)
        return (Place(self._ill_servers, server), Place(self._ill_names, name), *both) if ill else both

    def lengthen(self, kind: str, turn: "Turn") -> None:
        """Put a turn among the long ones."""
        long = self._long.setdefault(kind, {})
        if len(long) >= LONG:
            oldest = next(iter(long))
            del long[oldest]
            oldest.end()
        long[turn] = None

    def end_long(self, kind: str, turn: "Turn") -> None:
        """Take a turn from among the long ones, where it is one."""
        self._long.get(kind, {}).pop(turn, None)


class Turn:
    """The places of one delivery, which sends one after the other.

    Attributes:
        host: where its sendings go; None while it has no place there.
        long: a sending lasted long: the round is to end, so that the next one takes its turn anew.
        hung: whether the last sending lasted long and failed; None before the first.
    """

    def __init__(self, places: Places, kind: str, *, ill: bool) -> None:
        self.host: str | None = None
        self.long = False
        self.hung: bool | None = None
        self._places = places
        self._kind = kind
        self._ill = ill
        self._at: tuple[Place, ...] = ()
        self._common: tuple[Place, ...] = ()
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._limit = asyncio.timeout(None)

    async def __aenter__(self) -> Self:
        """Hold nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give all places back."""
        self.leave()

    def take(self, host: str | None) -> bool:
        """Take the places if they are free, those at a host if it is known."""
        at, common = self._wanted(host)
        if take_all((*at, *common)) is not None:
            return False
        self.host, self._at, self._common = host, at, common
        return True

    async def wait(self, host: str | None) -> None:
        """Wait for the places, and take them."""
        at, common = self._wanted(host)
        await wait_for_all((*at, *common))
        self.host, self._at, self._common = host, at, common

    def move(self, host: str) -> bool:
        """Have a place at this host instead, if one is free; False leaves the turn without any."""
        if host == self.host:
            return True
        leave_all(self._at)
        self.host, self._at = None, ()
        at, _ = self._wanted(host)
        if take_all(at) is not None:
            return False
        self.host, self._at = host, at
        return True

    def beside(self) -> "Turn | None":
        """Return one more turn at the same host, for a sending beside this one's; None when no place is free."""
        turn = Turn(self._places, self._kind, ill=self._ill)
        return turn if self._common and not self._ill and turn.take(self.host) else None

    def leave(self) -> None:
        """Give all places back."""
        if self._timer is not None:
            self._timer.cancel()
        leave_all(self._at)
        leave_all(self._common)
        self._places.end_long(self._kind, self)
        self._at = self._common = ()

    @property
    def over(self) -> bool:
        """The round is to end with what it has sent."""
        return self.long or self._places.closed

    @property
    def crowded(self) -> bool:
        """Somebody waits for a place at this host."""
        return any(place.bound.crowded(place.key) for place in self._at)

    async def send(
        self, sink: Sink[Any], destination: Destination, instance_id: str, deliveries: Sequence[Delivery]
    ) -> Sequence[Outcome]:
        """Send as the sink does; what lasts long gives up the turn's place among the quick ones."""
        loop = asyncio.get_running_loop()
        began = self._since = loop.time()
        if self._timer is None and not self._ill:
            # One for many sendings, since most of them are over long before.
            self._timer = loop.call_later(LONG_SECONDS, self._look)
        self._limit = asyncio.timeout(None)
        try:
            async with self._limit:
                outcomes = await tried(sink, destination, instance_id, deliveries)
        except TimeoutError:
            outcomes = [ENDED] * len(deliveries)
        finally:
            self._since = None
        self.long = self.long or loop.time() - began > LONG_SECONDS
        self.hung = self.long and not all(outcome.ok for outcome in outcomes)
        return outcomes

    def end(self) -> None:
        """End the sending under way as one that failed."""
        if self._since is not None:
            self._limit.reschedule(asyncio.get_running_loop().time())

    def _look(self) -> None:
        """See whether the sending under way lasts long by now."""
        self._timer = None
        if self._since is None:
            return
        loop = asyncio.get_running_loop()
        left = self._since + LONG_SECONDS - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._look)
            return
        self.long = True
        leave_all(self._common)
        self._common = ()
        self._places.lengthen(self._kind, self)

    def _wanted(self, host: str | None) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
        """Return the places at a host, and those among all."""
        at = () if host is None else self._places.at(self._kind, host, ill=self._ill)
        return at, (self._places.common(self._kind, ill=self._ill),)
