"""How a cluster's address is taken apart."""

import pytest

from pombo_common.adapters.redis.address import ClusterAddress, Place, is_cluster


@pytest.mark.parametrize(
    ("url", "seeds", "other"),
    [
        ("redis+cluster://a", [Place("a", 6379)], "redis://n:7000"),
        ("redis+cluster://a:1,b,[::1]:3,[::2]/0", [("a", 1), ("b", 6379), ("::1", 3), ("::2", 6379)], "redis://n:7000"),
        ("rediss+cluster://u:p%2F%40@a:1?x=y", [("a", 1)], "rediss://u:p%2F%40@n:7000?x=y"),
    ],
)
def test_login_and_options_hold_for_every_node(url: str, seeds: list[Place], other: str) -> None:
    assert is_cluster(url)
    address = ClusterAddress(url)
    assert address.seeds == seeds
    assert address.url(Place("n", 7000)) == other


def test_an_ipv6_node_is_reached_in_brackets() -> None:
    assert ClusterAddress("redis+cluster://a").url(Place("::1", 1)) == "redis://[::1]:1"


@pytest.mark.parametrize("url", ["redis://h", "rediss://h", "unix:///run/redis.sock"])
def test_one_server_is_no_cluster(url: str) -> None:
    assert not is_cluster(url)
