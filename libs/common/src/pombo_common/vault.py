"""Sealing of secrets with AES-256-GCM under `POMBO_ENCRYPTION_KEY`, and keyed fingerprints to find them by.

A sealed blob is `version(1) · key id(4) · nonce(12) · ciphertext and tag`. The context (for example
`<instance id>/creds`) is authenticated, so that a blob cannot be moved to another place.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES = 4
_NONCE_BYTES = 12


class SealBroken(Exception):  # noqa: N818 - reads as the state it names
    """A blob was not sealed under any of the keys, or not for this context."""


class Vault:
    """Seals with the first key and opens with any of them."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Take the key ring.

        Args:
            keys: 32-byte keys; the first seals.
        """
        self._ring = {hashlib.sha256(b"pombo key id" + key).digest()[:_ID_BYTES]: AESGCM(key) for key in keys}
        self._first = next(iter(self._ring))
        self._print_keys = [hashlib.sha256(b"pombo fingerprint" + key).digest() for key in keys]

    def seal(self, plain: bytes, context: str) -> bytes:
        """Seal bytes for one context."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + self._first + nonce + self._ring[self._first].encrypt(nonce, plain, context.encode())

    def open(self, blob: bytes, context: str) -> bytes:
        """Open what `seal` made for the same context.

        Raises:
            SealBroken: unknown key, changed blob, or another context.
        """
        key_id, rest = blob[1 : 1 + _ID_BYTES], blob[1 + _ID_BYTES :]
        box = self._ring.get(key_id)
        if blob[:1] != _VERSION or box is None or len(rest) < _NONCE_BYTES:
            raise SealBroken(context)
        try:
            return box.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], context.encode())
        except InvalidTag:
            raise SealBroken(context) from None

    def fingerprint(self, text: bytes) -> str:
        """Return the keyed hash (hex) of a secret or a body, under the first key."""
        return hmac.digest(self._print_keys[0], text, "sha256").hex()

    def fingerprints(self, text: bytes) -> list[str]:
        """Return the keyed hashes under every key of the ring, the first key's first."""
        return [hmac.digest(key, text, "sha256").hex() for key in self._print_keys]


def parse_keys(text: str) -> list[bytes]:
    """Read `POMBO_ENCRYPTION_KEY`: base64 of 32 bytes, several separated by commas.

    Raises:
        ValueError: with a message that never holds the value.
    """
    keys = []
    for part in text.split(","):
        try:
            key = base64.b64decode(part.strip(), validate=True)
        except ValueError:  # binascii.Error, or text beyond ASCII
            key = b""
        if len(key) != KEY_BYTES:
            msg = "must be base64 of 32 bytes (several are separated by commas)"
            raise ValueError(msg)
        keys.append(key)
    return keys


def new_key() -> str:
    """Return a fresh key in the form that `parse_keys` reads."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()
