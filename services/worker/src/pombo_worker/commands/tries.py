"""Tries of this process at commands that must not be done twice."""

from pombo_common.model.commands import PlainCommand
from pombo_worker.sessions.turns import Turn, Turns

REMEMBERED = 10_000


class Tries:
    """Keeps two tries at one command from running at once here, and remembers which of them had no effect.

    A message that the Bus delivers again finds its command started; how far that try came, only its process knows.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._same = Turns()
        self._harmless: set[str] = set()

    def of(self, command: PlainCommand) -> Turn:
        """Return the turn in which a command is tried: after other tries at the same one."""
        return self._same.of(f"{command.instance}/{command.id}")

    def had_no_effect(self, token: str) -> None:
        """Remember a try that ended before its effect began; so many that nobody came back to are forgotten."""
        if len(self._harmless) >= REMEMBERED:
            self._harmless.clear()
        self._harmless.add(token)

    def may_follow(self, token: str | None) -> bool:
        """Tell whether a command can be done although an earlier try, of this token, had started it."""
        if token is None:
            return True
        known = token in self._harmless
        self._harmless.discard(token)
        return known
