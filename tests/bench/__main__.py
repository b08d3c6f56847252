"""Measures Pombo beside what the same libraries reach bare, in one run, and prints both.

python -m tests.bench [--rounds N] [--seconds S] [--json PATH] [section …]
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
import uvloop
from rich.console import Console

from tests.bench.bench import Bench, Pace
from tests.bench.machine import this_machine
from tests.bench.results import Outcome, show
from tests.bench.sections import SECTIONS
from tests.bench.wrk import WrkError


@click.command()
@click.argument("sections", nargs=-1, type=click.Choice(list(SECTIONS)))
@click.option("--rounds", default=Pace().rounds, show_default=True, help="Runs of each contender; the median counts.")
@click.option("--seconds", default=Pace().seconds, show_default=True, help="Length of each run.")
@click.option(
    "--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write the results there as well."
)
def main(sections: Sequence[str], rounds: int, seconds: float, path: Path | None) -> None:
    """Run these sections, or all of them, and print what came of them."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    machine = this_machine()
    pace = Pace(rounds=rounds, seconds=seconds, warm_seconds=min(seconds, Pace().warm_seconds))
    for line in machine.lines():
        console.print(line, highlight=False)
    console.print()
    found: dict[str, Outcome] = {}
    try:
        with (
            tempfile.TemporaryDirectory(prefix="pombo-bench-") as folder,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            bench = Bench(Path(folder), pace, console)
            for name in sections or SECTIONS:
                console.print(f"[bold]{name}[/bold]")
                found[name] = runner.run(SECTIONS[name](bench))
                show(console, found[name])
    except (WrkError, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from error
    if path is not None:
        path.write_bytes(msgspec.json.format(msgspec.json.encode({"machine": machine, "sections": found})))


if __name__ == "__main__":
    main()
