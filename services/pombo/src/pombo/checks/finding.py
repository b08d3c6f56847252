"""What a check found, and what a person can do about it."""

import re
from typing import Literal

import msgspec

Result = Literal["ok", "warn", "fail"]

HOSTS = re.compile(r"((\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d+)?(,|\Z))+")


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the doctor's table.

    Attributes:
        check: what was looked at.
        result: `fail` when Pombo cannot work so, `warn` when it works and a promise is weaker.
        says: what was found; never a secret.
        advice: what to do about it; empty when all is well.
    """

    check: str
    result: Result
    says: str
    advice: str = ""


def ok(check: str, says: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", says)


def warn(check: str, says: str, advice: str) -> Finding:
    """It works, with less than Pombo promises."""
    return Finding(check, "warn", says, advice)


def fail(check: str, says: str, advice: str) -> Finding:
    """It cannot work so."""
    return Finding(check, "fail", says, advice)


def shown_address(url: str) -> str:
    """Return scheme, hosts and ports of a URL: no user, no password, no path and no query."""
    scheme, _, rest = url.partition("://")
    hosts, *behind = re.split(r"[/?#]", rest, maxsplit=1)
    hosts = hosts.rpartition("@")[2]
    # A password may hold what ends the hosts; then the first of it stands where they should.
    unsure = any("@" in text for text in behind) or not HOSTS.fullmatch(hosts)
    return "the address that is set" if unsure else f"{scheme}://{hosts}"
