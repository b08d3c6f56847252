"""A JSON body with media: its fields, and its base64 as a file, whatever the client made of it."""

import base64
import io
import secrets
import tempfile
from typing import Any

import msgspec
import pytest

from pombo_api.uploads.json_body import WINDOW, read_json_upload
from pombo_common.model.errors import PomboError

CONTENT = secrets.token_bytes(3 * WINDOW + 5)


def read(body: bytes) -> tuple[dict[str, Any], bytes | None]:
    """Return fields and content of a body."""
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.flush()
        upload = read_json_upload(file)
    if upload.file is None:
        return upload.fields, None
    with upload.file as content:
        content.seek(0)
        return upload.fields, content.read()


@pytest.mark.parametrize(("prefix", "told"), [("", {}), ("data:image/png;base64,", {"mimetype": "image/png"})])
def test_base64_of_any_size_becomes_a_file(prefix: str, told: dict[str, str]) -> None:
    body = msgspec.json.encode({"number": "1", "media": prefix + base64.b64encode(CONTENT).decode(), "delay": 5})
    assert read(body) == ({"number": "1", "delay": 5} | told, CONTENT)


def test_a_data_uri_tells_its_type_unless_the_body_names_one() -> None:
    png, plain = b"data:image\\/png;base64,aGVsbG8=", b"data:application/octet-stream;base64,aGVsbG8="
    assert read(b'{"media":"' + png + b'","mimetype":null}') == ({"mimetype": "image/png"}, b"hello")
    assert read(b'{"media":"' + png + b'","mimetype":"image/gif"}') == ({"mimetype": "image/gif"}, b"hello")
    inside = {"mediaMessage": {"mimetype": "image/gif"}}
    assert read(b'{"mediaMessage":{"mimetype":"image/gif","media":"' + png + b'"}}') == (inside, b"hello")
    assert read(b'{"media":"' + plain + b'"}') == ({}, b"hello")


def test_escaped_slashes_and_line_ends_do_not_count() -> None:
    text = base64.encodebytes(CONTENT).replace(b"/", b"\\/").replace(b"\n", b"\\r\\n")
    assert read(b'{"media":"' + text + b'"}') == ({}, CONTENT)


def test_version_1_has_it_inside() -> None:
    body = {"number": "1", "mediaMessage": {"mediatype": "image", "media": base64.b64encode(b"hello").decode()}}
    assert read(msgspec.json.encode(body)) == ({"number": "1", "mediaMessage": {"mediatype": "image"}}, b"hello")


def test_an_address_stays_a_field_and_other_types_are_left_to_the_checks() -> None:
    assert read(b'{"media":"https:\\/\\/shop.example\\/a.png"}') == ({"media": "https://shop.example/a.png"}, None)
    assert read(b'{"media":5}') == ({"media": 5}, None)
    assert read(b'{"media":null}') == ({}, None)
    assert read(b"") == ({}, None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"media":"?"}', "bad_media"),
        (b'{"media":"aGVsbG8"}', "bad_media"),
        (b"[]", "invalid"),
        (b'{"media":', "malformed_json"),
        (b'{"a":\xff}', "malformed_json"),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(PomboError) as refused:
        read(body)
    assert refused.value.info.code == code


def test_the_file_has_no_name() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b'{"media":"aGVsbG8="}')
        file.flush()
        upload = read_json_upload(file)
        assert upload.file is not None
        with upload.file as content:
            assert isinstance(content, io.BufferedRandom)
            assert isinstance(content.name, int)
