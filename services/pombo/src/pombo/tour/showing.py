"""How the tour looks: numbered sentences, and the events in a live table (in a pipe: a line for each)."""

from types import TracebackType
from typing import Any, Self

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from pombo.terminal import output, printable, qr_lines, qr_text
from pombo.tour.receiver import Arrived

LONGEST = 60


def says(event: Arrived) -> str:
    """Return what an event says, in a few words for people."""
    data: dict[str, Any] = event.data if isinstance(event.data, dict) else {}
    if event.event == "connection.update":
        owner = str(data.get("wuid") or "").partition("@")[0]
        return f"{data.get('state')}" + (f" as {owner}" if owner else "")
    if event.event == "messages.upsert":
        message = data.get("message")
        text = message.get("conversation") if isinstance(message, dict) else None
        return f"{data.get('pushName') or 'somebody'}: {text or data.get('messageType') or '…'}"
    if event.event == "qrcode.updated":
        return "a QR code to scan" if data.get("qrcode") else "no more QR codes"
    return str(data.get("instanceName") or data.get("status") or "")


def cells(event: Arrived) -> tuple[str, str, str, str]:
    """Return an event's row: its number, when it came, its name, and what it says."""
    text = printable(says(event))
    return str(event.seq), f"{event.after:.1f} s", event.event, text if len(text) <= LONGEST else text[:LONGEST] + "…"


class Showing:
    """Prints sentences and events; a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        """Show on standard output, or on a console of a test."""
        self._console = console or output()
        self._steps = 0
        self._rows: list[tuple[str, str, str, str]] = []
        self._spinner = Spinner("dots")
        self._going_on = True
        self._live = Live(get_renderable=self._drawing, console=self._console, vertical_overflow="visible")

    @property
    def on_terminal(self) -> bool:
        """Whether a person is looking."""
        return self._console.is_terminal

    def __enter__(self) -> Self:
        """Begin the live table."""
        if self.on_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the table standing."""
        self._going_on = False
        if self.on_terminal:
            self._live.stop()

    def step(self, sentence: str) -> None:
        """Say what is done next."""
        self._steps += 1
        self.line(f"{self._steps}. {sentence}")

    def line(self, sentence: str) -> None:
        """Say something."""
        self._console.print(Text(printable(sentence)), soft_wrap=not self.on_terminal)

    def qr(self, code: str) -> None:
        """Draw a QR code."""
        if self.on_terminal:
            self._console.print(qr_text(self._console, code))
        else:
            click.echo("\n".join(qr_lines(code)))

    def event(self, event: Arrived) -> None:
        """Add an event."""
        row = cells(event)
        self._rows.append(row)
        if self.on_terminal:
            self._live.refresh()
        else:
            seq, after, name, text = row
            click.echo(f"     event {seq:>2}  {after:>6}  {name:<18} {text}".rstrip())

    def _drawing(self) -> RenderableType:
        table = Table(title="Events at the webhook", title_justify="left", title_style="bold", header_style="dim")
        table.add_column("event", justify="right")
        table.add_column("after", justify="right")
        table.add_column("name", no_wrap=True)
        table.add_column("says", overflow="fold")
        for seq, after, name, text in self._rows:
            table.add_row(seq, after, name, Text(text))
        return Group(table, self._spinner) if self._going_on else table
