"""`pombo doctor`: looks at everything that Pombo needs here, and says what to do."""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from pombo.checks.finding import Finding
from pombo.commands.options import for_machines, run
from pombo.terminal import busy, print_json, print_table


@click.command()
@for_machines
def doctor(*, as_json: bool) -> None:
    """Check the machine, the configuration, and the servers that it names; status 1 when something fails."""
    from pombo.checks.everything import check_everything  # noqa: PLC0415 - the other commands need not pay for it

    with busy("Looking …"):
        findings = run(lambda: check_everything(os.environ, Path(".env")))
    if as_json:
        print_json(findings)
    else:
        rows = [(finding.result, finding.check, _text(finding)) for finding in findings]
        print_table(("result", "check", "found"), rows)
        click.echo(f"\n{verdict(findings)}")
    sys.exit(any(finding.result == "fail" for finding in findings))


def verdict(findings: Sequence[Finding]) -> str:
    """Say in a sentence how it stands."""
    counts = Counter(finding.result for finding in findings)
    if counts["fail"]:
        return f"{counts['fail']} of {len(findings)} checks failed: see the advice behind each."
    if counts["warn"]:
        return f"Pombo can run; {counts['warn']} of {len(findings)} checks gave a warning."
    return f"All {len(findings)} checks passed."


def _text(finding: Finding) -> str:
    return f"{finding.says}; {finding.advice}" if finding.advice else finding.says
