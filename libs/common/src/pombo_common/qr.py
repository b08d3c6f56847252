"""QR codes as pictures: a PNG data URI for answers and events."""

import base64
import struct
import zlib
from collections.abc import Iterable
from functools import lru_cache

import segno

SCALE = 4
"""Pixels of a module's side. A pixel is a bit, so that a module of a line is one hexadecimal digit."""

BORDER = 3
MASK = 4
"""One of the standard's eight masks. Any of them can be read; trying all of them took most of the time of a drawing."""

_DIGITS = bytes.maketrans(b"\0\1", b"0f")
_SHORT_COLOUR = 4
_BIT_DEPTH, _PALETTE = 1, 3


@lru_cache(maxsize=512)
def png_data_uri(text: str, colour: str) -> str:
    """Draw a QR code.

    Drawing takes some milliseconds, and whoever waits for a code waits for it; several readers show the same code, so
    the last ones are kept.

    Args:
        text: what the code says.
        colour: of the dark modules, as `#rrggbb` or `#rgb`.

    Returns:
        A `data:image/png;base64,…` URI.
    """
    code = segno.make(text, error="h", micro=False, mask=MASK, boost_error=False)
    return "data:image/png;base64," + base64.b64encode(_png(code.matrix, colour)).decode()


def _png(matrix: Iterable[bytes | bytearray], colour: str) -> bytes:
    """Return the picture of rows of modules, each a byte 0 or 1; by `segno` itself it takes longer than the code."""
    margin = b"0" * BORDER
    rows = [margin + bytes(row).translate(_DIGITS) + margin for row in matrix]
    side = len(rows[0])
    blank = [b"0" * side] * BORDER
    lines = [_line(row) * SCALE for row in (*blank, *rows, *blank)]
    header = struct.pack(">IIBBBBB", side * SCALE, side * SCALE, _BIT_DEPTH, _PALETTE, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", b"\xff\xff\xff" + _rgb(colour)), (b"IDAT", zlib.compress(b"".join(lines))))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in (*parts, (b"IEND", b"")))


def _line(row: bytes) -> bytes:
    """Return a line of pixels behind the byte that names its filter: none; the last byte is filled up."""
    return b"\0" + bytes.fromhex((row + b"0" * (len(row) % 2)).decode())


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _rgb(colour: str) -> bytes:
    digits = colour.removeprefix("#")
    return bytes.fromhex("".join(2 * digit for digit in digits) if len(colour) == _SHORT_COLOUR else digits)
