"""QR codes as pictures: a PNG data URI for answers and events."""

from functools import lru_cache

import segno

SCALE = 4
BORDER = 3
MASK = 4
"""One of the standard's eight masks. Any of them can be read; trying all of them took most of the time of a drawing."""


@lru_cache(maxsize=512)
def png_data_uri(text: str, colour: str) -> str:
    """Draw a QR code.

    Drawing takes some milliseconds, and whoever waits for a code waits for it; several readers show the same code, so
    the last ones are kept.

    Args:
        text: what the code says.
        colour: of the dark modules, as `#rrggbb`.

    Returns:
        A `data:image/png;base64,…` URI.
    """
    code = segno.make(text, error="h", micro=False, mask=MASK, boost_error=False)
    return code.png_data_uri(dark=colour, scale=SCALE, border=BORDER)
