"""QR codes as pictures: a PNG data URI for answers and events."""

import base64
import struct
import zlib
from functools import lru_cache

import segno

SCALE = 4
BORDER = 3
MASK = 4
"""One of the standard's eight masks. Any of them can be read; trying all of them took most of the time of a drawing."""

WHITE = b"\xff\xff\xff"
MODULE = ("0", "f")
"""One module of a row, light or dark, as the hexadecimal digit that stands for its SCALE pixels."""


@lru_cache(maxsize=512)
def png_data_uri(text: str, colour: str) -> str:
    """Draw a QR code.

    Drawing takes some milliseconds, whoever waits for a code waits for it, and several readers show the same code: so
    it is made as quickly as can be, and the last ones are kept.

    Args:
        text: what the code says.
        colour: of the dark modules, as `#rrggbb`.

    Returns:
        A `data:image/png;base64,…` URI.
    """
    code = segno.make(text, error="h", micro=False, mask=MASK, boost_error=False)
    picture = _png([bytes(row) for row in code.matrix_iter(border=BORDER)], bytes.fromhex(colour.removeprefix("#")))
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def _png(modules: list[bytes], dark: bytes) -> bytes:
    """Write a picture of one bit a pixel, with two colours; `modules` are rows of 0 (light) and 1 (dark)."""
    side = len(modules) * SCALE
    # Each row of pixels begins with the number of its filter, and ends with a whole byte.
    lines = ("00" + "".join(MODULE[module] for module in row) for row in modules)
    pixels = b"".join(bytes.fromhex(line + "0" * (len(line) % 2)) * SCALE for line in lines)
    header = struct.pack(">IIBBBBB", side, side, 1, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", WHITE + dark), (b"IDAT", zlib.compress(pixels)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
