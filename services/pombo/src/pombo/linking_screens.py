"""Where the codes that link an instance are shown: on a terminal, in a pipe, or as JSON for machines."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import click
import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from pombo.linking import Shown
from pombo.terminal import output, printable, qr_lines, qr_text

LINES_BELOW = 5
"""What a terminal must have below the drawing to redraw it in its place."""
REDRAWS_PER_SECOND = 4
HOW_TO_LINK = "On the phone: WhatsApp > Linked devices > Link a device."
PAIRING_HALF = 4


def pairing_text(code: str) -> str:
    """Return a pairing code as WhatsApp shows it: ABCD-EFGH."""
    return f"{code[:PAIRING_HALF]}-{code[PAIRING_HALF:]}" if len(code) == 2 * PAIRING_HALF else code


def countdown(shown: Shown, now: float) -> str:
    """Say which code this is and when the next one comes."""
    left = max(0, round(shown.until - now))
    return f"code {shown.count}, " + (f"a new one in {left} s" if left else "waiting for the next one")


class JsonScreen:
    """One line of JSON for each code."""

    def __init__(self) -> None:
        self._last: tuple[str, str | None] | None = None

    def show(self, shown: Shown, raw: object) -> None:
        """See `Screen`."""
        if (shown.code, shown.pairing) != self._last:
            self._last = (shown.code, shown.pairing)
            click.echo(msgspec.json.encode(raw).decode())


class PipedScreen:
    """Each code once, as text without codes for a terminal."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._code = ""
        self._pairing: str | None = None

    def show(self, shown: Shown, _: object) -> None:
        """See `Screen`."""
        if shown.pairing and shown.pairing != self._pairing:
            click.echo(f"Pairing code: {printable(pairing_text(shown.pairing))}")
        if shown.code != self._code:
            click.echo("\n".join(qr_lines(shown.code)))
            click.echo(f"{HOW_TO_LINK} ({countdown(shown, self._now())})")
        self._code, self._pairing = shown.code, shown.pairing


class LiveScreen:
    """On a terminal: the code drawn in its place, with what is left of its time; gone at the end.

    Where the drawing would not fit in height it is printed instead, and what follows stands below it.
    """

    def __init__(self, now: Callable[[], float], console: Console | None = None) -> None:
        """Show on standard output, or on a console of a test."""
        self._now = now
        self._console = console or output()
        self._spinner = Spinner("dots", Text("Asking for a QR code …"))
        self._shown: Shown | None = None
        self._printed = ""
        self._live = Live(
            get_renderable=self._drawing,
            console=self._console,
            transient=True,
            refresh_per_second=REDRAWS_PER_SECOND,
            vertical_overflow="crop",
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the drawing away."""
        self._live.stop()

    def show(self, shown: Shown, _: object) -> None:
        """See `Screen`."""
        self._shown = shown
        if not self._fits(shown) and shown.code != self._printed:
            self._printed = shown.code
            self._live.console.print(qr_text(self._console, shown.code))

    def _fits(self, shown: Shown) -> bool:
        return len(qr_lines(shown.code)) + LINES_BELOW <= self._console.height

    def _drawing(self) -> RenderableType:
        shown = self._shown
        if shown is None:
            return self._spinner
        parts: list[RenderableType] = [qr_text(self._console, shown.code)] if self._fits(shown) else []
        if shown.pairing:
            parts.append(Text.assemble("Pairing code: ", (printable(pairing_text(shown.pairing)), "bold")))
        parts.append(Text(HOW_TO_LINK))
        self._spinner.update(text=Text(countdown(shown, self._now())))
        return Group(*parts, self._spinner)
