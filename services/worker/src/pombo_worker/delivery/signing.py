"""Signatures of webhook deliveries by the Standard Webhooks rules, and the token that the header `jwt_key` asks for."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

import msgspec

PREFIX = "whsec_"
SECRET_BYTES = 32
TOKEN_SECONDS = 600


def new_secret() -> str:
    """Return a new signing secret: `whsec_` and the base64 of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


class Signer:
    """Signs with each of some keys, so that a key can be changed in between; reads them once for many deliveries."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Take signing secrets, checked when they were set."""
        self._keyed = [hmac.new(base64.b64decode(key.removeprefix(PREFIX)), digestmod=hashlib.sha256) for key in keys]

    def signatures(self, event_id: str, timestamp: int, body: bytes) -> str:
        """Return the value of `webhook-signature`; empty without keys.

        Args:
            event_id: `webhook-id`.
            timestamp: `webhook-timestamp`, seconds since the epoch.
            body: exactly what is sent.
        """
        content = b"%s.%d." % (event_id.encode(), timestamp) + body
        return " ".join(f"v1,{_signed(keyed.copy(), content)}" for keyed in self._keyed)


def bearer_token(key: str, now: int) -> str:
    """Return a JSON Web Token (HS256) that is good for ten minutes.

    The libraries for these tokens refuse or warn about short keys, which existing receivers have.

    Args:
        key: the value of the header `jwt_key` in the webhook's settings.
        now: seconds since the epoch.
    """
    head = _url_safe(msgspec.json.encode({"alg": "HS256", "typ": "JWT"}))
    claims = {"iat": now, "exp": now + TOKEN_SECONDS, "app": "evolution", "action": "webhook"}
    signed = f"{head}.{_url_safe(msgspec.json.encode(claims))}"
    return f"{signed}.{_url_safe(_hmac(key.encode(), signed.encode()))}"


def _hmac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, hashlib.sha256)


def _signed(keyed: hmac.HMAC, content: bytes) -> str:
    keyed.update(content)
    return base64.b64encode(keyed.digest()).decode()


def _url_safe(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
