"""QR codes as pictures: a PNG data URI for answers and events."""

from functools import lru_cache

import segno

SCALE = 4
BORDER = 3


@lru_cache(maxsize=512)
def png_data_uri(text: str, colour: str) -> str:
    """Draw a QR code.

    Drawing takes about 10 ms and several readers show the same code, so the last ones are kept.

    Args:
        text: what the code says.
        colour: of the dark modules, as `#rrggbb`.

    Returns:
        A `data:image/png;base64,…` URI.
    """
    return segno.make(text, error="h", micro=False).png_data_uri(dark=colour, scale=SCALE, border=BORDER)
