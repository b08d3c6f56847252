"""Where the command line finds a running Pombo and its key, and that no key goes where it does not belong."""

from pathlib import Path

import pytest

from pombo.address import Address, AddressError, find_address, is_loopback
from pombo_common.config import ConfigError


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return an environment whose data folder holds a key."""
    (tmp_path / "api-key").write_text("kept-key\n")
    return {"POMBO_DATA_DIR": str(tmp_path)}


def test_without_anything_it_is_this_machine_with_the_key_that_embedded_mode_made(environ: dict[str, str]) -> None:
    assert find_address(None, None, environ) == Address("http://127.0.0.1:8080", "kept-key")


@pytest.mark.parametrize(
    ("extra", "url"),
    [
        ({"SERVER_PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"SERVER_PORT": "0"}, "http://127.0.0.1:8080"),
        ({"POMBO_HOST": "0.0.0.0"}, "http://127.0.0.1:8080"),  # noqa: S104 - what a person sets
        ({"POMBO_HOST": "::1"}, "http://[::1]:8080"),
        ({"POMBO_URL": "http://localhost:1/base/", "SERVER_PORT": "9000"}, "http://localhost:1/base"),
    ],
)
def test_the_address_follows_the_configuration_of_this_machine(
    environ: dict[str, str], extra: dict[str, str], url: str
) -> None:
    assert find_address(None, None, environ | extra).url == url


def test_an_option_wins_over_the_environment_and_that_over_the_folder(environ: dict[str, str]) -> None:
    environ |= {"AUTHENTICATION_API_KEY": "global"}
    assert find_address(None, None, environ).key == "global"
    environ |= {"POMBO_KEY": "variable", "POMBO_URL": "http://127.0.0.1:1"}
    assert find_address(None, None, environ) == Address("http://127.0.0.1:1", "variable")
    assert find_address("http://127.0.0.1:2", "option", environ) == Address("http://127.0.0.1:2", "option")


@pytest.mark.parametrize("url", ["http://pombo.example", "https://10.0.0.1:8080", "http://127.0.0.1.example"])
def test_the_kept_key_is_for_this_machine_alone(environ: dict[str, str], url: str) -> None:
    assert find_address(url, None, environ).key == ""


def test_a_folder_without_a_key_gives_none(tmp_path: Path) -> None:
    assert find_address(None, None, {"POMBO_DATA_DIR": str(tmp_path / "none")}).key == ""


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://host", "http://", "http://[::1", "http://host:99999"])
def test_an_address_that_is_none_is_refused(environ: dict[str, str], url: str) -> None:
    with pytest.raises(AddressError, match="--url"):
        find_address(url, None, environ)


def test_a_key_that_no_header_can_carry_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(AddressError, match="--key"):
        find_address(None, "ab\ncd", environ)


def test_a_wrong_variable_is_said(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="SERVER_PORT"):
        find_address(None, None, environ | {"SERVER_PORT": "x"})


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:1", True),
        ("http://localhost", True),
        ("http://localhost.example", False),
        ("http://192.168.0.1", False),
    ],
)
def test_what_counts_as_this_machine(url: str, *, here: bool) -> None:
    assert is_loopback(url) is here
