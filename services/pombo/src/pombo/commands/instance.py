"""`pombo instance`: list, create, state, restart, logout and delete, on a running Pombo."""

import sys
from typing import Any

import click

from pombo.answers import created_key
from pombo.client import PomboClient
from pombo.commands.connect import connect, follow_in_terminal
from pombo.commands.options import call, for_machines, named, reaching
from pombo.terminal import busy, fail, print_json, print_table, printable

INTEGRATIONS = ("WHATSAPP-BAILEYS", "WHATSAPP-BUSINESS", "WHATSAPP-SANDBOX")


@click.group()
def instance() -> None:
    """Work with the instances of a running Pombo."""


instance.add_command(connect)


@instance.command("list")
@reaching
@for_machines
def list_instances(url: str | None, key: str | None, *, as_json: bool) -> None:
    """List the instances that the key may see."""
    rows, raw = call(url, key, PomboClient.instances)
    if as_json:
        print_json(raw)
    elif rows:
        cells = [(row.name, row.state, row.number, row.profile, row.integration) for row in rows]
        print_table(("name", "state", "number", "profile", "integration"), cells)
    else:
        click.echo("No instances yet: make one with `pombo instance create NAME --qrcode`.")


@instance.command()
@click.argument("name")
@click.option("--integration", type=click.Choice(INTEGRATIONS, case_sensitive=False), help="What runs it.")
@click.option("--qrcode", is_flag=True, help="Start it as well, and follow its QR code until it is open.")
@click.option("--token", metavar="TOKEN", help="Its own key; without one Pombo makes one.")
@click.option("--number", metavar="DIGITS", help="Its phone number; with --qrcode also asks for a pairing code.")
@click.option("--webhook", metavar="URL", help="Where its events go.")
@reaching
@for_machines
def create(  # noqa: PLR0913 - one parameter for each option
    name: str,
    integration: str | None,
    token: str | None,
    number: str | None,
    webhook: str | None,
    url: str | None,
    key: str | None,
    *,
    qrcode: bool,
    as_json: bool,
) -> None:
    """Create the instance NAME."""
    given = {"integration": integration, "token": token, "number": number}
    fields: dict[str, Any] = {"instanceName": name} | {field: value for field, value in given.items() if value}
    if webhook:
        fields["webhook"] = {"url": webhook}
    # A person follows the code below; a machine gets the first one with the answer.
    fields["qrcode"] = qrcode and as_json
    with busy(f"Creating {name} …"):
        created = call(url, key, lambda client: client.create(fields))
    if as_json:
        print_json(created)
        return
    click.echo(f"Created {printable(name)}.")
    if own_key := created_key(created):
        click.echo(f"  its key  {printable(own_key)}")
    if qrcode:
        follow_in_terminal(url, key, name, number)
    else:
        click.echo(f"  link it  pombo instance connect {printable(name)}")


@instance.command()
@named
@reaching
@for_machines
def state(name: str, url: str | None, key: str | None, *, as_json: bool) -> None:
    """Say whether NAME is open, connecting or close."""
    found = call(url, key, lambda client: client.state(name))
    if as_json:
        print_json(found.raw)
    else:
        click.echo(printable(found.state))


@instance.command()
@named
@reaching
@for_machines
def restart(name: str, url: str | None, key: str | None, *, as_json: bool) -> None:
    """Close the connection of NAME and make a new one."""
    with busy(f"Restarting {name} …"):
        answer = call(url, key, lambda client: client.restart(name))
    _done(f"Restarted {name}.", answer, as_json=as_json)


@instance.command()
@named
@reaching
@for_machines
def logout(name: str, url: str | None, key: str | None, *, as_json: bool) -> None:
    """Unlink the device of NAME; the instance stays and can be linked again."""
    with busy(f"Logging {name} out …"):
        answer = call(url, key, lambda client: client.logout(name))
    _done(f"Logged {name} out.", answer, as_json=as_json)


@instance.command()
@named
@click.option("--yes", is_flag=True, help="Do not ask.")
@reaching
@for_machines
def delete(name: str, url: str | None, key: str | None, *, yes: bool, as_json: bool) -> None:
    """Unlink and remove NAME."""
    if not yes and not _agreed(name):
        fail("nothing was deleted")
    with busy(f"Deleting {name} …"):
        answer = call(url, key, lambda client: client.delete(name))
    _done(f"Deleted {name}.", answer, as_json=as_json)


def _agreed(name: str) -> bool:
    """Ask a person; where nobody can be asked, --yes is needed."""
    if not sys.stdin.isatty():
        fail("nobody can be asked here: add --yes to delete without asking")
    return click.confirm(f"Delete {printable(name)}, its link to the phone and its settings?", err=True)


def _done(sentence: str, answer: object, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        click.echo(printable(sentence))
