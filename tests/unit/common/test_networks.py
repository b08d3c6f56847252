"""Which addresses a stranger may make us call."""

import ipaddress

import pytest

from pombo_common.networks import REFUSED, AddressRefused, OutboundPolicy, outbound_policy, parse_networks

PUBLIC = ["1.1.1.1", "203.0.114.9", "2606:4700::1111", "::ffff:8.8.8.8", "2a00:1450::1"]
NOT_PUBLIC = [
    # IPv4: this host, private, shared, loopback, link-local with the clouds' metadata, benchmarks, multicast, reserved
    "0.0.0.1", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.0.9", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.8", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255",
    # IPv6: unspecified, loopback, IPv4 inside, NAT64 and 6to4 of loopback, Teredo, unique local, link- and site-local
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1",
    "2001::1", "2001:db8::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "100::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_may_be_called(address: str) -> None:
    OutboundPolicy().check(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_everything_else_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match=REFUSED):
        OutboundPolicy().check(address)


def test_the_operators_networks_are_allowed_in_either_spelling_and_nothing_beside_them() -> None:
    policy = outbound_policy(parse_networks("10.1.0.0/16, fd00::/8"), loopback=False)
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::5"):
        policy.check(address)
    for address in ("10.2.0.1", "127.0.0.1", "::1"):
        with pytest.raises(AddressRefused):
            policy.check(address)


def test_this_machine_is_allowed_where_everything_runs_on_it() -> None:
    policy = outbound_policy((), loopback=True)
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        policy.check(address)
    with pytest.raises(AddressRefused, match="private"):
        policy.check("192.168.1.1")


@pytest.mark.parametrize("text", ["10.0.0.1/8", "lan", "10.0.0.0/33"])
def test_what_is_no_network_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"host bits|does not appear"):
        parse_networks(text)


def test_one_address_is_a_network() -> None:
    assert parse_networks(" 192.168.1.7 ,") == (ipaddress.ip_network("192.168.1.7/32"),)
