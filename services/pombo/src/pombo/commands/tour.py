"""`pombo tour`: half a minute with a sandbox instance, from its creation to its end."""

import time

import click

from pombo.client import PomboClient
from pombo.commands.options import call, reaching
from pombo.terminal import fail


@click.command()
@click.option("--fast", is_flag=True, help="Without pauses for reading; a pipe has none anyway.")
@reaching
def tour(url: str | None, key: str | None, *, fast: bool) -> None:
    """Show what Pombo does, with a simulated phone: create, link, receive a text, delete."""
    from pombo.tour.showing import Showing  # noqa: PLC0415 - the other commands need not pay for it
    from pombo.tour.walk import FOR_PEOPLE, Pace, TourFailed, Walk  # noqa: PLC0415 - as above

    began = time.monotonic()

    async def touring(client: PomboClient) -> None:
        await client.welcome()
        if not client.address.here:
            raise TourFailed("the tour's webhook listens on this machine alone, so it needs a Pombo that runs here")
        with Showing() as showing:
            showing.line(f"A tour of the Pombo at {client.address.url}")
            pace = FOR_PEOPLE if showing.on_terminal and not fast else Pace()
            receiver = await Walk(client, showing, pace).run()
        if not receiver.whole:
            raise TourFailed(f"the events came as {', '.join(str(event.seq) for event in receiver.arrived)}")
        took, events = time.monotonic() - began, len(receiver.arrived)
        click.echo(f"Done in {took:.0f} s: {events} events came in their order, and none is missing.")
        click.echo("Next, a phone of your own: pombo instance create my-phone --qrcode")

    try:
        call(url, key, touring)
    except TourFailed as error:
        fail(str(error))
