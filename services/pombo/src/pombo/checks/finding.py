"""What a check found, and what a person can do about it."""

from typing import Literal
from urllib.parse import urlsplit

import msgspec

Result = Literal["ok", "warn", "fail"]


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
    """Return scheme, host and port of a URL: no user, no password, no path and no query."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "the address that is set"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
