"""When a command that was put back is tried again, and when it is given up; the same on every Bus."""

DELIVERY_LIMIT = 20
"""How often one command is put back before it goes to the dead letters."""

LATER_SECONDS = 0.5
"""How long a command is away whose turn has not come."""

_FIRST_SECONDS = 0.25
_LONGEST_SECONDS = 4.0


def pause_before_redelivery(attempts: int) -> float:
    """Return the seconds to wait before a command is put back.

    The pauses grow, so that all of them together (about 68 s) outlast the 60 s that a command has by default: a
    shorter outage of the Store sends no command to the dead letters.

    Args:
        attempts: how often it was put back already.
    """
    return min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(attempts, DELIVERY_LIMIT))
