"""Addresses of a cluster: the nodes that are asked first, and how every other one is reached."""

from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

CLUSTER = "+cluster"
DEFAULT_PORT = 6379


class Place(NamedTuple):
    """Where a node listens."""

    host: str
    port: int


class ClusterAddress:
    """`redis+cluster://user:password@host:port,host:port?option=value`, or `rediss+cluster://` for TLS.

    User, password and options hold for every node, also for those that are found later.
    """

    def __init__(self, url: str) -> None:
        """Take the address apart; `load_config` has checked its form."""
        # Several nodes, some in brackets, are more than a URL's parser takes for one host.
        scheme, _, rest = url.partition("://")
        end = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
        netloc, behind = rest[:end], rest[end:]
        self._parts = urlsplit(f"{scheme}://cluster{behind}")
        login, at, hosts = netloc.rpartition("@")
        self._login = login + at
        self.seeds = [_place(host) for host in hosts.split(",")]

    def url(self, place: Place) -> str:
        """Return the address of one node."""
        host = f"[{place.host}]" if ":" in place.host else place.host
        scheme = self._parts.scheme.removesuffix(CLUSTER)
        return urlunsplit((scheme, f"{self._login}{host}:{place.port}", "", self._parts.query, ""))


def is_cluster(url: str) -> bool:
    """Tell whether an address names a cluster."""
    return url.partition("://")[0].endswith(CLUSTER)


def _place(text: str) -> Place:
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):  # no port: a name, an IPv4 address, or an IPv6 address in brackets
        host, port = text, str(DEFAULT_PORT)
    return Place(host.strip("[]"), int(port))
