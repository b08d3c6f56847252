"""QR pictures."""

import base64
import zlib

import segno

from pombo_common.qr import BORDER, MASK, SCALE, png_data_uri

PREFIX = "data:image/png;base64,"
LONG_CODE = "2@" + "Ab3/" * 58 + ",x,y"


def png(uri: str) -> bytes:
    """Return the bytes of the picture."""
    assert uri.startswith(PREFIX)
    return base64.b64decode(uri.removeprefix(PREFIX), validate=True)


def test_a_code_of_whatsapps_length_becomes_a_png() -> None:
    picture = png(png_data_uri(LONG_CODE, "#198754"))
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.rstrip(b"\0").endswith(b"IEND\xaeB`\x82")
    # A square, large enough to be scanned from a screen.
    width, height = int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
    assert width == height > 200


def pixels(picture: bytes) -> list[str]:
    """Return the lines of an unfiltered picture of two colours, a digit for each pixel."""
    width = int.from_bytes(picture[16:20])
    raw = zlib.decompressobj().decompress(picture[picture.index(b"IDAT") + 4 :])
    line = 1 + (width + 7) // 8
    return [f"{int.from_bytes(raw[at : at + line]):0{8 * line}b}"[8 : 8 + width] for at in range(0, len(raw), line)]


def test_the_picture_shows_every_module_of_the_code() -> None:
    code = segno.make(LONG_CODE, error="h", micro=False, mask=MASK, boost_error=False)
    rows = code.matrix_iter(scale=SCALE, border=BORDER)
    assert pixels(png(png_data_uri(LONG_CODE, "#198754"))) == ["".join(map(str, row)) for row in rows]


def test_text_and_colour_decide_the_picture() -> None:
    pictures = {png(png_data_uri(text, colour)) for text in ("a", "b") for colour in ("#000000", "#198754")}
    assert len(pictures) == 4


def test_the_colour_is_the_dark_modules() -> None:
    assert bytes.fromhex("198754") in png(png_data_uri("a", "#198754"))


def test_readers_of_one_code_get_the_same_picture_without_another_drawing() -> None:
    assert png_data_uri("shared", "#000000") is png_data_uri("shared", "#000000")


def test_a_colour_may_be_three_digits() -> None:
    assert bytes.fromhex("118855") in png(png_data_uri("a", "#185"))
