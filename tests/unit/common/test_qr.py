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


def test_text_and_colour_decide_the_picture() -> None:
    pictures = {png(png_data_uri(text, colour)) for text in ("a", "b") for colour in ("#000000", "#198754")}
    assert len(pictures) == 4


def test_the_colour_is_the_dark_modules() -> None:
    assert bytes.fromhex("198754") in png(png_data_uri("a", "#198754"))


def test_readers_of_one_code_get_the_same_picture_without_another_drawing() -> None:
    assert png_data_uri("shared", "#000000") is png_data_uri("shared", "#000000")


def test_every_pixel_is_that_of_the_codes_module() -> None:
    picture = png(png_data_uri(LONG_CODE, "#198754"))
    side = int.from_bytes(picture[16:20])
    start = picture.index(b"IDAT") + 4
    length = int.from_bytes(picture[start - 8 : start - 4])
    data = zlib.decompress(picture[start : start + length])
    line = 1 + -(-side // 8)
    assert len(data) == side * line
    rows = [data[at + 1 : at + line] for at in range(0, len(data), line)]
    drawn = [[row[x // 8] >> (7 - x % 8) & 1 for x in range(side)] for row in rows]
    code = segno.make(LONG_CODE, error="h", micro=False, mask=MASK, boost_error=False)
    assert drawn == [list(row) for row in code.matrix_iter(scale=SCALE, border=BORDER)]


def test_every_chunk_carries_its_checksum() -> None:
    rest = png(png_data_uri(LONG_CODE, "#198754"))[8:]
    kinds = []
    while rest:
        length = int.from_bytes(rest[:4])
        chunk, checksum, rest = rest[4 : 8 + length], rest[8 + length : 12 + length], rest[12 + length :]
        assert zlib.crc32(chunk) == int.from_bytes(checksum)
        kinds.append(chunk[:4])
    assert kinds == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
