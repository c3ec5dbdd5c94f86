"""``workledger check``: every invariant of the books."""

import sys

import click

from workledger.cli.output import Progress, emit
from workledger.ledger.checks import run_checks

BROKEN = 1


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Check every invariant: one line each with both sides of the sum. Exit status 1 if one is broken.

    \b
    Example:
      workledger check
    """
    progress = Progress()
    results = run_checks(progress)
    progress.close()
    emit(results, as_json=as_json, text=[result.line for result in results])
    if not all(result.ok for result in results):
        sys.exit(BROKEN)
