"""Ports for the servers of tests, which run beside each other."""

import contextlib
import secrets
import socket

PORTS = range(10_240, 32_000)


def free_port() -> int:
    """Return a TCP port of the loopback address that nothing listened on just now.

    It lies below those from which the system takes the ports of outgoing connections, and of servers that name none:
    of these there are many here. One of them might take it before the server does; or get it after the server is
    gone, and with it the calls of those who still look for that server.
    """
    while True:
        port = PORTS[secrets.randbelow(len(PORTS))]
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
