"""Ports for the servers of tests, which run beside each other."""

import contextlib
import functools
import itertools
import os
import secrets
import socket
from collections.abc import Iterator

PORTS = range(10_240, 32_000)
"""They lie below those from which the system takes the ports of outgoing connections, and of servers that name none."""

MOST_PROCESSES = 16


def free_port() -> int:
    """Return a TCP port of the loopback address that nothing listened on just now.

    No other server of the tests is given it, also while the one that has it is away. Else that one might not come
    back, or another get the calls of those who still look for it.
    """
    ports = _ports()
    while True:
        port = next(ports)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@functools.cache
def _ports() -> Iterator[int]:
    """Return the ports of this test process alone, each once before any comes again."""
    place = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = PORTS[place % MOST_PROCESSES :: MOST_PROCESSES]
    first = secrets.randbelow(len(own))
    return itertools.cycle([*own[first:], *own[:first]])
