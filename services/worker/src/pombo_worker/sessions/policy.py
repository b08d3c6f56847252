"""What follows when a connection closes: one table from close code and message to an action, and the backoff."""

import random
from enum import StrEnum

import msgspec

from pombo_worker.engines.port import Closed

FIRST_DELAY = 1.0
LAST_DELAY = 60.0
STEADY_SECONDS = 60.0
"""An open connection that lasted so long counts as healthy: the next drop begins the backoff anew."""

UNREACHED_SECONDS = 60.0
"""How long an instance that was never linked tries to reach WhatsApp before it gives up."""

QR_ENDED = "QR refs attempts ended"


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


BY_ORIGIN = {
    "fenced": Rule(Action.LEAVE, None),
    "lease": Rule(Action.LEAVE, None),
    "garbage": Rule(Action.LATER, "connection-lost"),
    "host": Rule(Action.LATER, "engine-restarted"),
    "moved": Rule(Action.NOW, None),
}
BY_CODE = {
    401: Rule(Action.CLEAR, "logged-out"),
    402: Rule(Action.STOP, "refused"),
    403: Rule(Action.CLEAR, "refused"),
    405: Rule(Action.LATER, "outdated-version"),
    406: Rule(Action.STOP, "refused"),
    411: Rule(Action.CLEAR, "multi-device-mismatch"),
    440: Rule(Action.STOP, "replaced"),
    515: Rule(Action.NOW, None),
}
OTHERWISE = Rule(Action.LATER, "connection-lost")


def rule_for(closed: Closed, *, first_login: bool) -> Rule:
    """Look up what follows a close.

    Args:
        closed: how it closed; 408 and 401 stand for several things that only the message tells apart.
        first_login: the credentials come from a pairing that has never reached open.
    """
    if closed.origin in BY_ORIGIN:
        return BY_ORIGIN[closed.origin]
    if closed.code == 408 and QR_ENDED in closed.message:  # noqa: PLR2004 - the library's code for several things
        return Rule(Action.NOW, "qr-expired")
    rule = BY_CODE.get(closed.code or 0, OTHERWISE)
    if rule.action is Action.CLEAR and first_login:
        return Rule(Action.CLEAR, "pairing-interrupted")
    return rule


def delay_before(attempt: int) -> float:
    """Return the seconds to wait before the next dial: doubling from one second to a minute, jittered by half.

    Args:
        attempt: how many dials in a row did not lead to a healthy connection, from 1.
    """
    longest: float = min(LAST_DELAY, FIRST_DELAY * 2 ** min(attempt - 1, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads dials, guards nothing
