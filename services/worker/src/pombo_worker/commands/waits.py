"""What waits before it goes through a session: a delay, or media that is fetched. It is in nobody's way meanwhile."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from pombo_common.model.commands import PlainCommand
from pombo_common.model.messages import ChatPresence, MessageMedia, MessageText
from pombo_worker.commands.context import Commands

DELAYS_OF_ONE, DELAYS = 64, 192
"""How many commands with a delay wait at once: of one instance, and in all."""

FETCHES_OF_ONE, FETCHES = 16, 64
"""The same of those whose media is fetched, each of which may fill a file."""

MOST_WAITING = DELAYS + FETCHES


class NoRoom(Exception):  # noqa: N818 - reads as the state it names
    """So many wait already that this one cannot be started yet."""


def waits(command: PlainCommand) -> bool:
    """Tell whether a command waits before it goes through the session, once it was started."""
    return isinstance(command, MessageMedia) or (isinstance(command, (MessageText, ChatPresence)) and command.delay > 0)


class Waits:
    """Counts the commands of this worker that wait, so that those of one instance do not take up every place."""

    def __init__(self) -> None:
        """Begin with none."""
        self._delays = _Room(DELAYS_OF_ONE, DELAYS)
        self._fetches = _Room(FETCHES_OF_ONE, FETCHES)

    @contextmanager
    def place(self, command: PlainCommand) -> Iterator[None]:
        """Count a command while it waits.

        Raises:
            NoRoom: too many wait.
        """
        room = self._fetches if isinstance(command, MessageMedia) else self._delays
        room.enter(command.instance)
        try:
            yield
        finally:
            room.leave(command.instance)


class _Room:
    def __init__(self, of_one: int, in_all: int) -> None:
        self._of_one = of_one
        self._in_all = in_all
        self._inside: Counter[str] = Counter()

    def enter(self, name: str) -> None:
        if self._inside[name] >= self._of_one or self._inside.total() >= self._in_all:
            raise NoRoom
        self._inside[name] += 1

    def leave(self, name: str) -> None:
        self._inside[name] -= 1
        if not self._inside[name]:
            del self._inside[name]


@asynccontextmanager
async def in_turn(commands: Commands, command: MessageText | MessageMedia) -> AsyncIterator[None]:
    """Have the instance's turn beside others: asked for now by what waited, had from its start by what did not."""
    if not waits(command):
        yield
        return
    async with commands.turns.of(command.instance).sending():
        yield
