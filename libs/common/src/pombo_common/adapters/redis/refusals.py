"""What an error of Redis says: that it does not answer, or not now, or not to this user."""

import re

from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from pombo_common.ports.store import StoreForbidden, StoreRefused, StoreUnavailable

REFUSALS = (
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "UNKILLABLE",
)
"""Codes with which Redis says that it cannot answer now, whatever was asked; nothing was written then."""

_REFUSAL_CLASSES = frozenset(
    {
        "AskError",
        "BusyLoadingError",
        "ClusterDownError",
        "MasterDownError",
        "MovedError",
        "OutOfMemoryError",
        "ReadOnlyError",
        "TryAgainError",
    }
)

_FORBIDDEN_IN_SCRIPT = ("The user executing the script can't", "ACL failure in script")
"""What a script is told that does what its user may not; there is no code for it. The second since Redis 7.2."""


def as_unavailable(error: Exception) -> StoreUnavailable | None:
    """Return the port's error for one of the client library or of the socket; None when it is about what was asked."""
    if isinstance(error, AuthenticationError):  # The library counts it among the lost connections.
        return StoreRefused("Redis refuses the user or the password")
    if isinstance(error, RedisConnectionError | RedisTimeoutError | OSError):
        return StoreUnavailable(f"Redis does not answer: {type(error).__name__}")
    if _lacks_a_right(error):
        return StoreForbidden(f"Redis does not let this user do all that Pombo does: {_said(error)}")
    return StoreUnavailable(f"Redis does not answer: {error}") if _cannot_answer_now(error) else None


def _said(error: Exception) -> str:
    """Return what Redis said, without the place in a script, which tells nobody anything."""
    return re.sub(r" script: [0-9a-f]{40}, on .*", "", str(error))


def _cannot_answer_now(error: Exception) -> bool:
    # redis-py takes the code off the message of the errors for which it has a class of its own.
    code = str(error).partition(" ")[0]
    own_class = isinstance(error, ResponseError) and type(error) is not ResponseError
    return code in REFUSALS or (own_class and type(error).__name__ in _REFUSAL_CLASSES)


def _lacks_a_right(error: Exception) -> bool:
    return isinstance(error, NoPermissionError) or any(text in str(error) for text in _FORBIDDEN_IN_SCRIPT)
