"""`pombo message`: send texts and media from an instance of a running Pombo."""

import mimetypes
from pathlib import Path
from typing import Any

import click

from pombo.commands.options import call, for_machines, named, reaching
from pombo.terminal import busy, fail, print_json, printable
from pombo_common.model.media import is_url

TYPES = ("image", "video", "audio", "document")


@click.group()
def message() -> None:
    """Send messages from an instance of a running Pombo."""


@message.command()
@named
@click.argument("number")
@click.argument("text")
@reaching
@for_machines
def text(name: str, number: str, text: str, url: str | None, key: str | None, *, as_json: bool) -> None:
    """Send TEXT from NAME to NUMBER, digits with the country code or a JID."""
    with busy(f"Sending to {number} …"):
        sent = call(url, key, lambda client: client.send_text(name, {"number": number, "text": text}))
    _done(sent, as_json=as_json)


@message.command()
@named
@click.argument("number")
@click.argument("media")
@click.option("--type", "kind", type=click.Choice(TYPES), help="What it is; else it is told by the file's name.")
@click.option("--caption", metavar="TEXT", help="Text below it.")
@reaching
@for_machines
def media(  # noqa: PLR0913 - as text
    name: str,
    number: str,
    media: str,
    kind: str | None,
    caption: str | None,
    url: str | None,
    key: str | None,
    *,
    as_json: bool,
) -> None:
    """Send MEDIA, a file or an http address, from NAME to NUMBER."""
    fields = {"number": number, "mediatype": kind or _kind(media)} | ({"caption": caption} if caption else {})
    file = None if is_url(media) else Path(media)
    if file is None:
        fields["media"] = media
    elif not file.is_file():
        fail(f"there is no file {printable(media)}")
    with busy(f"Sending to {number} …"):
        sent = call(url, key, lambda client: client.send_media(name, fields, file))
    _done(sent, as_json=as_json)


def _kind(media: str) -> str:
    """Tell by its name what a file is; what is not known goes as a document."""
    guessed = (mimetypes.guess_type(media)[0] or "").partition("/")[0]
    return guessed if guessed in TYPES else "document"


def _done(sent: Any, *, as_json: bool) -> None:  # noqa: ANN401 - JSON
    if as_json:
        print_json(sent)
    else:
        click.echo(f"Sent: {printable(sent['key']['id'])}")
