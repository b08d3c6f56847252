"""Which addresses a stranger may make us call: the public internet, and what the operator allows beyond it."""

import ipaddress
from collections.abc import Iterable

import msgspec

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

REFUSED = "is in a network that may not be called"
"""In the text of every refusal, whatever a library wraps around it."""

LOOPBACK: tuple[Network, ...] = (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1/128"))
EVERYWHERE: tuple[Network, ...] = (ipaddress.IPv4Network("0.0.0.0/0"), ipaddress.IPv6Network("::/0"))
"""For addresses that the operator set, not a stranger."""

# What some version of Python calls global, although it is set apart, or leads to an IPv4 address that may not be.
_SET_APART: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 of one's own
        "2001::/23",  # Teredo and other protocols
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local, as it once was
    )
)


class AddressRefused(OSError):  # noqa: N818 - reads as the state it names
    """The address that a name or a literal stands for may not be called; the text says so and names no secret."""


class OutboundPolicy(msgspec.Struct, frozen=True):
    """Which addresses may be called: everything on the public internet, and what is allowed beyond it.

    Attributes:
        allowed: networks that are allowed although they are not public.
    """

    allowed: tuple[Network, ...] = ()

    def allows(self, address: Address) -> bool:
        """Tell whether a connection to this address may be made."""
        plain = _unwrapped(address)
        return _in(plain, self.allowed) or _public(plain)

    def check(self, text: str) -> None:
        """Check the numeric address of a socket.

        Args:
            text: IPv4 or IPv6 as the resolver gives it, with or without a scope.

        Raises:
            AddressRefused: it may not be called.
        """
        address = ipaddress.ip_address(text)
        if not self.allows(address):
            raise AddressRefused(f"its address {REFUSED} ({_kind(_unwrapped(address))})")


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read networks separated by commas, such as `10.0.0.0/8, fd00::/8, 192.168.1.7`.

    Raises:
        ValueError: one of them is none; host bits may not be set.
    """
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def outbound_policy(allowed: Iterable[Network], *, loopback: bool) -> OutboundPolicy:
    """Return the policy for strangers' addresses.

    Args:
        allowed: the operator's networks.
        loopback: this machine too, because it is the user's own.
    """
    return OutboundPolicy((*allowed, *(LOOPBACK if loopback else ())))


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that a mapped IPv6 one stands for."""
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped


def _public(address: Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved or _in(address, _SET_APART))


def _in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _kind(address: Address) -> str:
    """Name the sort of network, for people."""
    for name in ("loopback", "link_local", "multicast", "private", "reserved"):
        if getattr(address, f"is_{name}"):
            return name.replace("_", "-")
    return "not public"
