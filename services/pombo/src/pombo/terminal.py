"""What the commands print: tables and progress for a person at a terminal, plain text without codes for a pipe."""

import io
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import click
import msgspec
import segno
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPED_WIDTH = 1000
QR_BORDER = 2
QR_STYLE = "#ffffff on #000000"
"""The light modules are drawn, so that the code is right on a dark terminal and on a light one."""
CELL_STYLES = {
    "state": {
        "open": "green",
        "connecting": "yellow",
        "close": "dim",
        "done": "green",
        "held": "yellow",
        "dead": "bold red",
    },
    "result": {"ok": "green", "warn": "yellow", "fail": "bold red"},
}
"""Colours of words, by the header of their column."""


def output() -> Console:
    """Return the console of standard output; nothing that it is given is read as markup."""
    return _console(stderr=False)


def progress() -> Console:
    """Return the console of standard error, for what is worth nothing afterwards."""
    return _console(stderr=True)


def printable(text: str) -> str:
    """Return text that others chose without what would steer the terminal (control and format characters)."""
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs") else char for char in text)


def fail(*lines: str) -> NoReturn:
    """Say on standard error why the command cannot go on, and end with status 1."""
    for line in lines:
        for part in line.splitlines():
            click.echo(f"pombo: {printable(part)}", err=True)
    sys.exit(1)


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show on a terminal that something is going on; nothing when standard error is no terminal."""
    console = progress()
    if not console.is_terminal:
        yield
        return
    with console.status(Text(printable(what))):
        yield


def print_json(value: object) -> None:
    """Print one JSON value, for machines."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; long cells fold at a terminal's width, and a pipe gets them whole.

    Args:
        headers: of the columns; see `CELL_STYLES`.
        rows: their cells.
    """
    console = output()
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for header in headers:
        table.add_column(Text(header), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(header, cell) for header, cell in zip(headers, row, strict=True)))
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip() if not console.is_terminal else line)


def qr_lines(code: str) -> list[str]:
    """Draw a QR code with half blocks: two rows of modules in each line, the light ones drawn."""
    drawing = io.StringIO()
    segno.make(code, error="l", micro=False).terminal(out=drawing, border=QR_BORDER, compact=True)
    return drawing.getvalue().splitlines()


def qr_text(console: Console, code: str) -> Text:
    """Return the drawing, or a sentence when the terminal is too narrow for it."""
    lines = qr_lines(code)
    if console.width < len(lines[0]):
        return Text(f"The QR code needs {len(lines[0])} columns and this terminal has {console.width}: widen it.")
    return Text("\n".join(lines), style=QR_STYLE if console.is_terminal else "", no_wrap=True)


def _cell(header: str, cell: str) -> Text:
    return Text(printable(cell), style=CELL_STYLES.get(header, {}).get(cell, ""))


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False)
