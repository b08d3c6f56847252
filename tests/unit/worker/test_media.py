"""Media for a message: its name, type and size, where it may be fetched from, and that nothing of it is left."""

import base64
import mimetypes
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from pombo_common.media import MediaShelf
from pombo_common.model.errors import PomboError
from pombo_common.model.messages import MessageMedia, StoredMedia
from pombo_common.networks import LOOPBACK, OutboundPolicy
from pombo_worker.media.source import MIB, MediaSource
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

IMAGE = MessageMedia(id="m1", instance="shop", number="15557770001", mediatype="image", media="aGVsbG8=")
OPEN = OutboundPolicy(LOOPBACK)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[TestServer]:
    """Yield a server with a picture, one that is too large, and a way round."""
    app = web.Application()

    async def picture(_: web.Request) -> web.Response:
        return web.Response(body=b"picture", content_type="image/webp")

    async def only_bytes(_: web.Request) -> web.Response:
        return web.Response(body=b"picture", content_type="binary/octet-stream")

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(40):
            await answer.write(bytes(MIB // 16))
        return answer

    async def round_about(_: web.Request) -> web.Response:
        raise web.HTTPFound("/picture")

    app.add_routes([web.get("/picture", picture), web.get("/endless", endless), web.get("/round", round_about)])
    app.add_routes([web.get("/bytes", only_bytes)])
    server = TestServer(app)
    async with server:
        yield server


@pytest_asyncio.fixture
async def source(world: World) -> AsyncIterator[MediaSource]:
    """Yield a source of at most 1 MiB."""
    made = MediaSource(MediaShelf(world.store, world.vault), OPEN, limit_mb=1)
    yield made
    await made.close()


async def content(source: MediaSource, command: MessageMedia) -> tuple[bytes, str, str, Path]:
    """Return content, type, name and place of a command's media."""
    async with source.file(command) as file:
        assert file.path.stat().st_mode & 0o77 == 0
        assert file.path.parent.stat().st_mode & 0o77 == 0
        return file.path.read_bytes(), file.mimetype, file.file_name, file.path


async def refused(source: MediaSource, command: MessageMedia) -> tuple[int, str]:
    """Return status and sentence of a refusal."""
    with pytest.raises(PomboError) as error:
        await content(source, command)
    return error.value.info.status, error.value.info.message[0]


async def test_base64_and_its_names(source: MediaSource) -> None:
    assert (await content(source, IMAGE))[:3] == (b"hello", "image/jpeg", "image")
    named = msgspec.structs.replace(IMAGE, mediatype="document", file_name="a.pdf")
    body, kind, name, path = await content(source, named)
    assert (body, kind, name) == (b"hello", "application/pdf", "a.pdf")
    assert not path.exists()
    await source.close()
    assert not path.parent.exists()
    assert await refused(source, msgspec.structs.replace(IMAGE, mediatype="document")) == (
        400,
        "For base64 the file name must be informed.",
    )
    assert await refused(source, msgspec.structs.replace(IMAGE, media="?")) == (
        400,
        "Owned media must be a url or base64",
    )
    large = base64.b64encode(bytes(MIB + 1)).decode()
    assert (await refused(source, msgspec.structs.replace(IMAGE, media=large)))[0] == 413


@pytest.mark.parametrize(
    ("media", "named", "kind"),
    [
        ("data:image/png;base64,", None, "image/png"),
        ("data:image/png;base64,", "a.jpg", "image/png"),
        ("DATA:Audio/OGG;codecs=opus;name=a;base64,", None, "audio/ogg; codecs=opus"),
        ("data:application/octet-stream;base64,", "a.png", "image/png"),
        ("data:binary/octet-stream;base64,", None, "image/jpeg"),
        ("data:;base64,", None, "image/jpeg"),
        ("data:nonsense,", None, "image/jpeg"),
        ("", "a.PNG", "image/png"),
    ],
)
async def test_a_data_uri_tells_its_type(source: MediaSource, media: str, named: str | None, kind: str) -> None:
    command = msgspec.structs.replace(IMAGE, media=media + "aGVsbG8=", file_name=named)
    assert (await content(source, command))[:2] == (b"hello", kind)
    given = msgspec.structs.replace(command, mimetype="image/gif")
    assert (await content(source, given))[1] == "image/gif"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.webp", "image/webp"),
        ("a.DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        ("a.m4a", "audio/mp4"),
        ("a.ogg", "audio/ogg; codecs=opus"),
        ("a.opus", "audio/ogg; codecs=opus"),
        ("a.unheard-of", "application/octet-stream"),
    ],
)
async def test_names_tell_the_same_on_every_machine(
    source: MediaSource, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    monkeypatch.setattr(mimetypes, "guess_type", lambda _: (None, None))
    command = msgspec.structs.replace(IMAGE, mediatype="document", file_name=name)
    assert (await content(source, command))[1] == kind


async def test_a_server_that_does_not_know_the_type_tells_none(source: MediaSource, server: TestServer) -> None:
    bytes_only = msgspec.structs.replace(IMAGE, media=str(server.make_url("/bytes")))
    assert (await content(source, bytes_only))[1] == "image/jpeg"


async def test_an_address_is_fetched_within_bounds(source: MediaSource, server: TestServer) -> None:
    def at(path: str) -> MessageMedia:
        return msgspec.structs.replace(IMAGE, media=str(server.make_url(path)))

    assert (await content(source, at("/picture")))[:3] == (b"picture", "image/webp", "picture")
    assert (await content(source, at("/round")))[0] == b"picture"
    assert (await refused(source, at("/endless")))[0] == 413
    assert await refused(source, at("/none")) == (400, "media could not be fetched: its server answered 404")


async def test_an_address_in_a_network_that_may_not_be_called_is_refused(world: World, server: TestServer) -> None:
    closed = MediaSource(MediaShelf(world.store, world.vault), OutboundPolicy(), limit_mb=1)
    command = msgspec.structs.replace(IMAGE, media=str(server.make_url("/picture")))
    status, why = await refused(closed, command)
    assert status == 400
    assert "is in a network that may not be called" in why
    await closed.close()


async def test_what_the_api_laid_down_is_taken_sealed_and_gone_once_dropped(
    world: World, source: MediaSource, tmp_path: Path
) -> None:
    shelf = MediaShelf(world.store, world.vault)
    body = b"secret" * 150_000
    (tmp_path / "body").write_bytes(body)
    with (tmp_path / "body").open("rb") as file:
        stored = await shelf.put("shop", "m1-x", file, "d1")
    assert stored == StoredMedia(id="m1-x", chunks=2, size=len(body), digest="d1")
    command = msgspec.structs.replace(IMAGE, media=None, stored=stored)
    assert (await content(source, command))[0] == body
    assert b"secret" not in (await world.store.blob("shop", "m1-x", 0) or b"")
    await shelf.drop("shop", stored)
    assert await refused(source, command) == (400, "the media is not kept any more; send it again")
