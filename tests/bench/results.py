"""Results: rows with what they are measured against, as tables for people and as JSON."""

import math
from typing import Literal

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.bench.samples import Sample


class Target(msgspec.Struct, frozen=True):
    """What is asked for: a share of the bare rate, or a rate."""

    at_least: float
    kind: Literal["share", "rate"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One thing measured.

    Attributes:
        what: the request or command.
        mode: `embedded` or `scaled out`.
        ours: what Pombo reached.
        bare: what the same libraries reach with nothing in between, in the same rounds; None: nothing to compare with.
        target: what is asked for; None: measured for information.
        evolution: Evolution API's rate on a machine of this kind, a second; None: never measured.
    """

    what: str
    mode: str
    ours: Sample
    bare: Sample | None = None
    target: Target | None = None
    evolution: float | None = None

    @property
    def share(self) -> float | None:
        """Our rate by the bare one's."""
        return None if self.bare is None else self.ours.rate / self.bare.rate

    @property
    def met(self) -> bool | None:
        """Whether the target was reached; None without one."""
        if self.target is None:
            return None
        reached = self.ours.rate if self.target.kind == "rate" else self.share
        return reached is not None and reached >= self.target.at_least


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a section found.

    Attributes:
        title: of its table.
        rows: in the order in which they are shown.
        notes: sentences below the table: how it was measured, and figures that fit no row.
    """

    title: str
    rows: list[Row]
    notes: list[str] = []


def verdict(*, met: bool) -> str:
    """Return the word for a target that was reached, or was not."""
    return "met" if met else "missed"


def show(console: Console, outcome: Outcome) -> None:
    """Print a section's table and its notes."""
    table = Table(title=outcome.title, title_justify="left")
    for heading in ("", "mode"):
        table.add_column(heading)
    for heading in ("Pombo/s", "p50 ms", "p99 ms", "bare/s", "share", "target", "Evolution/s"):
        table.add_column(heading, justify="right")
    for row in outcome.rows:
        table.add_row(
            row.what,
            row.mode,
            f"{row.ours.rate:,.0f}",
            "" if math.isnan(row.ours.p50) else f"{row.ours.p50:.1f}",
            "" if math.isnan(row.ours.p99) else f"{row.ours.p99:.1f}",
            "" if row.bare is None else f"{row.bare.rate:,.0f}",
            "" if row.share is None else f"{row.share:.0%}",
            _target(row),
            "" if row.evolution is None else f"{row.evolution:,.0f}",
        )
    console.print(table)
    for note in outcome.notes:
        console.print(f"  {note}", highlight=False)
    console.print()


def _target(row: Row) -> Text:
    if row.target is None:
        return Text()
    wanted = f"{row.target.at_least:.0%}" if row.target.kind == "share" else f"{row.target.at_least:,.0f}/s"
    return Text(f"{wanted} {verdict(met=bool(row.met))}", style="green" if row.met else "red")
