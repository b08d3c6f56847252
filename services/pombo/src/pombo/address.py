"""Where a running Pombo is and which key it is called with: options first, then the environment, then the data folder.

The key that embedded mode keeps in its data folder is offered to an address of this machine only; no other server
is sent it.
"""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from pombo_common.config import Config
from pombo_common.config_loading import load_config

DEFAULT_PORT = 8080
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - compared, not bound


class AddressError(Exception):
    """The address or the key cannot be used; the message says what to give."""


class Address(msgspec.Struct, frozen=True):
    """A running Pombo.

    Attributes:
        url: without a trailing slash.
        key: what the `apikey` header carries; empty when none was found.
    """

    url: str
    key: str

    @property
    def here(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback(self.url)


def find_address(url: str | None, key: str | None, environ: Mapping[str, str], dotenv: Path | None = None) -> Address:
    """Return where to call.

    Args:
        url: of the option, else `POMBO_URL`, else this machine at `SERVER_PORT`.
        key: of the option, else `POMBO_KEY`, else `AUTHENTICATION_API_KEY`, else the data folder's `api-key`.
        environ: the environment.
        dotenv: a `.env` that counts as well.

    Raises:
        AddressError: the address is none.
        ConfigError: a variable cannot be used.
    """
    config = load_config(environ, dotenv)
    wanted = (url or environ.get("POMBO_URL") or own_url(config)).rstrip("/")
    if not _usable(wanted):
        raise AddressError("the address must begin with http:// or https:// and name a host: check --url and POMBO_URL")
    found = key or environ.get("POMBO_KEY") or config.api_key
    if not found and is_loopback(wanted):
        found = kept_key(config.data_path)
    if found and not (found.isascii() and found.isprintable()):
        raise AddressError("the key must be printable ASCII: check --key and POMBO_KEY")
    return Address(wanted, found or "")


def own_url(config: Config) -> str:
    """Return where a Pombo with this configuration listens on this machine."""
    host = config.host or ""
    host = "127.0.0.1" if host in WILDCARDS else host
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{config.port or DEFAULT_PORT}"


def is_loopback(url: str) -> bool:
    """Tell whether a URL names this machine by its loopback address."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def kept_key(folder: Path) -> str:
    """Return the global key that embedded mode made; empty when there is none or it is not ours to read."""
    try:
        return (folder / "api-key").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
