"""`pombo instance connect`: draws what links an instance, and follows it until it is open."""

import time

import click
import msgspec

from pombo.client import PomboClient
from pombo.commands.options import call, for_machines, named, reaching
from pombo.linking import End, Following, Screen
from pombo.linking_screens import JsonScreen, LiveScreen, PipedScreen
from pombo.terminal import fail, output, printable


@click.command()
@named
@click.option("--number", metavar="DIGITS", help="Also ask for a pairing code for this phone.")
@reaching
@for_machines
def connect(name: str, number: str | None, url: str | None, key: str | None, *, as_json: bool) -> None:
    """Link NAME with a phone: draw its QR code and follow it until it is open.

    With --json each code is one line, and the state at the end is the last one.
    """
    if as_json:
        _report_json(name, _follow(url, key, name, number, JsonScreen()))
    else:
        follow_in_terminal(url, key, name, number)


def follow_in_terminal(url: str | None, key: str | None, name: str, number: str | None) -> None:
    """Draw and follow; an end that is not open is an error."""
    if output().is_terminal:
        with LiveScreen(time.monotonic) as screen:
            end = _follow(url, key, name, number, screen)
    else:
        end = _follow(url, key, name, number, PipedScreen(time.monotonic))
    if not end.opened:
        fail(end.why)
    click.echo(f"{printable(name)} is open.")


def _follow(url: str | None, key: str | None, name: str, number: str | None, screen: Screen) -> End:
    async def following(client: PomboClient) -> End:
        return await Following(client, name, screen, time.monotonic).run(number)

    return call(url, key, following)


def _report_json(name: str, end: End) -> None:
    if not end.opened:
        fail(end.why)
    click.echo(msgspec.json.encode({"instance": {"instanceName": name, "state": "open"}}).decode())
