"""What follows when a connection closes: one table from who closed it, code and message to an action."""

from enum import StrEnum

import msgspec

from pombo_worker.engines.port import Closed, Origin

QR_ENDED = "QR refs attempts ended"
OUTDATED = "outdated-version"


class Action(StrEnum):
    """What to do about a closed connection."""

    NOW = "dial again at once"
    LATER = "dial again after a delay"
    STOP = "stop and keep the credentials"
    CLEAR = "stop and forget the credentials"
    LEAVE = "leave without a word: the session is another worker's"


class Rule(msgspec.Struct, frozen=True):
    """An action with the reason that the live state shows."""

    action: Action
    reason: str | None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table; what it leaves open matches anything.

    Attributes:
        origin: who closed the connection.
        code: the library's code.
        words: part of the library's message.
        first_login: the credentials come from a pairing that has never reached open.
    """

    origin: Origin | None = None
    code: int | None = None
    words: str | None = None
    first_login: bool | None = None
    rule: Rule

    def matches(self, closed: Closed, *, first_login: bool) -> bool:
        """Tell whether this row is about such a close."""
        return (
            self.origin in (None, closed.origin)
            and self.code in (None, closed.code)
            and (self.words is None or self.words in closed.message)
            and self.first_login in (None, first_login)
        )


TABLE = (
    # Who closed outweighs the code.
    Row(origin="fenced", rule=Rule(Action.LEAVE, None)),
    Row(origin="lease", rule=Rule(Action.LEAVE, None)),
    Row(origin="garbage", rule=Rule(Action.LATER, "connection-lost")),
    Row(origin="deaf", rule=Rule(Action.LATER, "deaf")),
    Row(origin="host", rule=Rule(Action.LATER, "engine-restarted")),
    Row(origin="moved", rule=Rule(Action.NOW, "engine-restarted")),
    # 408 stands for several things, which only the message tells apart.
    Row(code=408, words=QR_ENDED, rule=Rule(Action.NOW, "qr-expired")),
    # A phone that began to link, and a server that does not know of it: nothing of it is worth keeping.
    Row(code=401, first_login=True, rule=Rule(Action.CLEAR, "pairing-interrupted")),
    Row(code=403, first_login=True, rule=Rule(Action.CLEAR, "pairing-interrupted")),
    Row(code=411, first_login=True, rule=Rule(Action.CLEAR, "pairing-interrupted")),
    Row(code=401, rule=Rule(Action.CLEAR, "logged-out")),
    Row(code=402, rule=Rule(Action.STOP, "refused")),
    Row(code=403, rule=Rule(Action.CLEAR, "refused")),
    Row(code=405, rule=Rule(Action.LATER, OUTDATED)),
    Row(code=406, rule=Rule(Action.STOP, "refused")),
    Row(code=411, rule=Rule(Action.CLEAR, "multi-device-mismatch")),
    # Whoever took the session over would be thrown out by a new dial, and would throw us out again.
    Row(code=440, rule=Rule(Action.STOP, "replaced")),
    Row(code=515, rule=Rule(Action.NOW, "restart-required")),
    Row(rule=Rule(Action.LATER, "connection-lost")),
)
"""Read from the top: the first row that matches holds."""


def rule_for(closed: Closed, *, first_login: bool) -> Rule:
    """Look up what follows a close.

    Args:
        closed: how it closed.
        first_login: the credentials come from a pairing that has never reached open.
    """
    return next(row.rule for row in TABLE if row.matches(closed, first_login=first_login))
