"""Wakes deliveries: this worker's own while it makes any, since it has the events at hand, else another worker's."""

from collections.abc import Awaitable, Callable, Iterable

from pombo_common.ports.bus import Bus, BusUnavailable, Serving, Wakeup

Listener = Callable[[Wakeup], Awaitable[None]]


class Wakes:
    """Best effort, like the Bus behind it: what is missed is found by the sweep."""

    def __init__(self, bus: Bus) -> None:
        """Wake over this Bus until somebody here listens."""
        self._bus = bus
        self._own: Listener | None = None

    async def hear(self, listener: Listener) -> Serving:
        """Let this listener hear what is woken here, and its share of what other workers wake.

        Raises:
            BusUnavailable: wake-ups of others cannot be consumed.
        """
        serving = _Hearing(self, await self._bus.hear(listener))
        self._own = listener
        return serving

    def leave(self) -> None:
        """Leave what is woken from now on to the other workers."""
        self._own = None

    async def wake(self, wakeup: Wakeup) -> None:
        """Wake one destination's line, or what is aside of it.

        Raises:
            BusUnavailable: nobody here listens, and the Bus is away.
        """
        await (self._own or self._bus.wake)(wakeup)

    async def wake_all(self, name: str, instance_id: str, due: Iterable[str]) -> None:
        """Wake the destinations of one instance that have events due."""
        for destination in due:
            try:
                await self.wake(Wakeup(name=name, instance_id=instance_id, destination=destination))
            except BusUnavailable:
                return


class _Hearing:
    """A listener here and on the Bus."""

    def __init__(self, wakes: Wakes, serving: Serving) -> None:
        self._wakes = wakes
        self._serving = serving

    async def stop(self) -> None:
        """See `Serving`."""
        self._wakes.leave()
        await self._serving.stop()
