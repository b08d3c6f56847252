"""`pombo deliveries`, `pombo dead-letters`, `pombo events` and `pombo webhook`, on a running Pombo."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import click
import msgspec

from pombo.answers import DeliveryLine, delivery_lines, event_lines
from pombo.client import PomboClient
from pombo.commands.options import call, for_machines, named, reaching
from pombo.terminal import busy, print_json, print_table, printable

STATES = ("pending", "held", "dead", "done")
FOLLOW_SECONDS = 1.0
HEADERS = ("seq", "event", "destination", "state", "attempts", "last error", "next try", "id")


class NameFirst(click.Group):
    """A group whose `list` need not be said: what is no command of it is a name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` before a name."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=NameFirst)
def deliveries() -> None:
    """Look at what became of events: `pombo deliveries NAME`; send one again."""


@deliveries.command("list")
@named
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--destination", metavar="SINK", help="Only those to this one: webhook, rabbitmq, sqs, webhook.global …")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most.")
@reaching
@for_machines
def list_deliveries(
    name: str,
    state: str | None,
    destination: str | None,
    limit: int,
    url: str | None,
    key: str | None,
    *,
    as_json: bool,
) -> None:
    """List the deliveries of NAME."""
    query = {word: value for word, value in (("state", state), ("destination", destination)) if value}
    rows = call(url, key, lambda client: _pages(client, client.deliveries_path(name), "deliveries", query, limit))
    if as_json:
        print_json(rows)
    elif rows:
        print_table(HEADERS, [_cells(line) for line in delivery_lines(rows)])
    else:
        click.echo("No such deliveries.")


@deliveries.command()
@named
@click.argument("event_id", metavar="ID")
@click.option("--destination", metavar="SINK", help="To this one alone; else to all that it was due to.")
@click.option("--instance-id", metavar="ID", help="Of a deleted instance, as `pombo dead-letters` shows it.")
@reaching
@for_machines
def resend(
    name: str,
    event_id: str,
    destination: str | None,
    instance_id: str | None,
    url: str | None,
    key: str | None,
    *,
    as_json: bool,
) -> None:
    """Send the event ID of NAME again, now."""
    given = (("destination", destination), ("instanceId", instance_id))
    query = {word: value for word, value in given if value}
    answer = call(url, key, lambda client: client.resend(name, event_id, query))
    if as_json:
        print_json(answer)
    else:
        click.echo(printable(f"Sent again to {', '.join(answer.get('destinations', []))}."))


@click.command("dead-letters")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most.")
@reaching
@for_machines
def dead_letters(limit: int, url: str | None, key: str | None, *, as_json: bool) -> None:
    """List what was given up, of all instances."""
    rows = call(url, key, lambda client: _pages(client, "/dead-letters", "deadLetters", {}, limit))
    if as_json:
        print_json(rows)
    elif rows:
        cells = [
            (str(row.get("instance")), *_cells(line), str(row.get("instanceId")))
            for row, line in zip(rows, delivery_lines([row.get("delivery") for row in rows]), strict=True)
        ]
        print_table(("instance", *HEADERS, "instance id"), cells)
    else:
        click.echo("No dead letters.")


@click.command()
@named
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only those behind this seq.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@reaching
@for_machines
def events(name: str, after: int, url: str | None, key: str | None, *, follow: bool, as_json: bool) -> None:
    """Show the log of NAME."""

    async def show(client: PomboClient) -> None:
        place = after
        while True:
            body = await client.events(name, place)
            for event in body.get("events", []):
                _print_event(event, as_json=as_json)
            sys.stdout.flush()
            place, before = int(body.get("after", place)), place
            if place == before:
                if not follow:
                    return
                await asyncio.sleep(FOLLOW_SECONDS)

    call(url, key, show)


@click.group()
def webhook() -> None:
    """Work with the webhook of an instance."""


@webhook.command("test")
@named
@reaching
@for_machines
def test_webhook(name: str, url: str | None, key: str | None, *, as_json: bool) -> None:
    """Send a sample event to the webhook of NAME now, and show what the receiver answered."""
    with busy(f"Calling the webhook of {name} …"):
        answer = call(url, key, lambda client: client.test_webhook(name))
    if as_json:
        print_json(answer)
    else:
        status = "" if answer.get("status") is None else f" with {answer['status']}"
        took = f" after {answer.get('tookMs')} ms"
        click.echo(
            f"ok: answered{status}{took}" if answer.get("ok") else printable(f"failed{took}: {answer.get('reason')}")
        )
        if answer.get("response"):
            click.echo(printable(str(answer["response"])))
    if not answer.get("ok"):
        sys.exit(1)


async def _pages(client: PomboClient, path: str, rows: str, query: Mapping[str, str], limit: int) -> list[Any]:
    """Read pages until there are so many rows."""
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None and len(found) < limit:
        body = await client.page(path, dict(query) | ({"cursor": cursor} if cursor else {}))
        found += body.get(rows, [])
        cursor = body.get("cursor")
    return found[:limit]


def _cells(line: DeliveryLine) -> tuple[str, ...]:
    return (
        line.seq,
        line.event,
        line.destination,
        line.state,
        line.attempts,
        line.error,
        line.next_try,
        line.id,
    )


def _print_event(event: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(event).decode())
    else:
        click.echo(printable("  ".join(event_lines(event))))
