"""Connections to addresses that a stranger chose, checked at the moment of connecting, so that no look-up can lie."""

import socket
from typing import Any

import aiohttp

from pombo_common.networks import REFUSED, OutboundPolicy
from pombo_common.resolver import NameResolver


def guarded_connector(policy: OutboundPolicy, **options: Any) -> aiohttp.TCPConnector:  # noqa: ANN401 - aiohttp's own
    """Return a connector that asks the policy about each address right before it connects there.

    The check sees the final address of a name, and of a literal in whatever spelling. A call to a refused one raises
    `aiohttp.ClientConnectorError`; `refusal` tells it from other failures.

    Args:
        policy: what is allowed.
        options: of aiohttp.TCPConnector, such as `limit`; without a `resolver` it has a NameResolver of its own.
    """

    def checked_socket(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        policy.check(str(address[0]))
        return socket.socket(family=family, type=kind, proto=protocol)

    return aiohttp.TCPConnector(**{"resolver": NameResolver()} | options, socket_factory=checked_socket)


def refusal(error: BaseException) -> str | None:
    """Return why the policy refused an address, for people; None when the call failed for another reason."""
    # Of several addresses the library joins the texts, so that the type alone does not tell.
    inner = getattr(error, "os_error", error)
    return str(inner) if REFUSED in str(inner) else None
