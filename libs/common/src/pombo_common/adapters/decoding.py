"""Decoding what is read again and again: the same bytes become the same object, which nobody changes."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

KEPT = 5_000
"""Bodies that are remembered at most, of one kind; about 2 KB each."""


class Remembering(Generic[T]):
    """Decodes JSON into a frozen Struct, once for as long as the bytes stay the same; for any thread."""

    def __init__(self, kind: type[T]) -> None:
        """Remember nothing yet.

        Args:
            kind: a frozen Struct.
        """
        self._decoder = msgspec.json.Decoder(kind)
        self._kept: dict[bytes, T] = {}

    def decode(self, body: bytes) -> T:
        """Return what this JSON says.

        Raises:
            msgspec.DecodeError: it is no such Struct.
        """
        known = self._kept.get(body)
        if known is None:
            known = self._decoder.decode(body)
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[body] = known
        return known
