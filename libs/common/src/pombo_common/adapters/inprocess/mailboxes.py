"""Where commands wait inside one process: the shared mailbox, one for each worker, and the dead letters."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from pombo_common.adapters.redelivery import DELIVERY_LIMIT, LATER_SECONDS, pause_before_redelivery
from pombo_common.ports.bus import BusUnavailable

_WAITING_LIMIT = 10_000
_DEAD_LETTERS_KEPT = 1_000


class DeadLetter(msgspec.Struct, frozen=True):
    """A command that was given up.

    Attributes:
        body: the command as it was sent.
        reason: why, as the worker said, or `delivery limit`.
    """

    body: bytes
    reason: str


@dataclass(eq=False, slots=True)
class Parcel:
    """A command on its way.

    Attributes:
        body: JSON of a command.
        reply: where its reply goes; done or cancelled when nobody waits any more.
        attempts: how often it was put back or passed on.
    """

    body: bytes
    reply: asyncio.Future[bytes]
    attempts: int = 0


class Mailboxes:
    """All mailboxes of one Bus."""

    def __init__(self) -> None:
        self.dead: deque[DeadLetter] = deque(maxlen=_DEAD_LETTERS_KEPT)
        self._shared: deque[Parcel] = deque()
        self._own: dict[str, deque[Parcel]] = {}
        self._arrivals: dict[str, set[asyncio.Event]] = {}
        self._timers: set[asyncio.TimerHandle] = set()

    def attach(self, worker: str) -> asyncio.Event:
        """Give a worker its mailbox; the event is set whenever something may wait for it."""
        arrival = asyncio.Event()
        arrival.set()
        self._own.setdefault(worker, deque())
        self._arrivals.setdefault(worker, set()).add(arrival)
        return arrival

    def detach(self, worker: str, arrival: asyncio.Event) -> None:
        """Take the mailbox away; what still waits in it becomes everybody's."""
        self._arrivals[worker].discard(arrival)
        if not self._arrivals[worker]:
            del self._arrivals[worker]
            self._shared.extend(self._own.pop(worker))
        self._announce()

    def send(self, parcel: Parcel) -> None:
        """Put a new command into the shared mailbox.

        Raises:
            BusUnavailable: too many wait there already.
        """
        if len(self._shared) >= _WAITING_LIMIT:
            raise BusUnavailable("too many commands are waiting")
        self._shared.append(parcel)
        self._announce()

    def take(self, worker: str) -> tuple[Parcel, bool] | None:
        """Take the next command for a worker, its own before the shared ones.

        Returns:
            The command and whether it was addressed to this worker; None when none waits.
        """
        own = self._own.get(worker)
        if own:
            return own.popleft(), True
        if self._shared:
            return self._shared.popleft(), False
        return None

    def pass_on(self, parcel: Parcel, worker: str) -> None:
        """Put a command into a worker's mailbox; it comes round again when there is no such worker."""
        if self._given_up(parcel):
            return
        if worker not in self._own:
            self.put_back(parcel, None)
            return
        parcel.attempts += 1
        self._own[worker].append(parcel)
        self._announce()

    def put_back(self, parcel: Parcel, worker: str | None, *, at_once: bool = False) -> None:
        """Let a command be tried again.

        Args:
            parcel: the command.
            worker: whose mailbox it came from, None for the shared one.
            at_once: without the pause, for a consumer that goes away.
        """
        if self._given_up(parcel):
            return
        seconds = 0.0 if at_once else pause_before_redelivery(parcel.attempts)
        parcel.attempts += 1

        def arrive() -> None:
            mailbox = self._shared if worker is None else self._own.get(worker, self._shared)
            mailbox.appendleft(parcel)

        self._after(seconds, arrive)

    def bring_later(self, parcel: Parcel) -> None:
        """Put a command whose turn has not come behind the others in a moment; that is no failed try."""
        parcel.attempts = 0
        self._after(LATER_SECONDS, lambda: self._shared.append(parcel))

    def _after(self, seconds: float, arrive: Callable[[], None]) -> None:
        timer: asyncio.TimerHandle

        def due() -> None:
            self._timers.discard(timer)
            arrive()
            self._announce()

        timer = asyncio.get_running_loop().call_later(seconds, due)
        self._timers.add(timer)

    def close(self) -> None:
        """Forget what waits."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._shared.clear()
        for own in self._own.values():
            own.clear()

    def _given_up(self, parcel: Parcel) -> bool:
        if parcel.attempts < DELIVERY_LIMIT:
            return False
        self.dead.append(DeadLetter(parcel.body, "delivery limit"))
        return True

    def _announce(self) -> None:
        for arrivals in self._arrivals.values():
            for arrival in arrivals:
                arrival.set()
