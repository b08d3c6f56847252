"""What an error of the broker says when it is there and will not serve this user."""

import re

from aiormq.exceptions import (
    AuthenticationError,
    ChannelAccessRefused,
    ConnectionNotAllowed,
    InvalidFrameError,
    ProbableAuthenticationError,
)

from pombo_common.ports.bus import BusForbidden, BusRefused

_NAMED = re.compile(r"((\w+ )?access to \w+ '[^']*')")
_OPENING = "Connection.OpenOk"
"""What the library waits for when the broker closes the connection over the virtual host; it has no word for that."""


def as_refused(error: BaseException) -> BusRefused | None:
    """Return the port's error for one of the client library; None when the broker refused nothing to the user."""
    if isinstance(error, AuthenticationError | ProbableAuthenticationError):
        return BusRefused("RabbitMQ refuses the user or the password")
    if isinstance(error, ConnectionNotAllowed) or (isinstance(error, InvalidFrameError) and _OPENING in str(error)):
        return BusRefused("RabbitMQ refuses the virtual host: it is not there, or the user has no permissions in it")
    if isinstance(error, ChannelAccessRefused):
        # The broker's own words name what it was about, and newer ones the right.
        named = _NAMED.search(str(error))
        return BusForbidden(
            f"RabbitMQ does not let this user do all that Pombo does: {named[1] if named else 'access'}"
        )
    return None
