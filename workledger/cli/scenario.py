"""``workledger scenario``: run contracts that are written as text files, and compare what they expect."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from workledger.cli.output import complain, emit, say
from workledger.core.access import system_actor
from workledger.scenarios import files, telling
from workledger.scenarios.calc.layout import ScenarioInvalid
from workledger.scenarios.running import Outcome, run

WRONG = 1


@click.group("scenario")
def command() -> None:
    """Contracts as text files: parties, terms, time, and the bills and postings they come to.

    \b
    Example:
      workledger scenario run scenarios/*.txt
    """


@command.command("run")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--keep", is_flag=True, help="Keep what a scenario that comes out right has made.")
@click.option("--found", "shows_found", is_flag=True, help="Print what was found for every expectation.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def run_command(paths: tuple[Path, ...], keep: bool, shows_found: bool, as_json: bool) -> None:
    """Run scenario files, or those in a folder; without any, those that come with Workledger.

    Each runs in a legal entity of its own and leaves nothing, unless it is kept. Exit status 1 if one differs.
    """
    reports = []
    wrong = 0
    started = time.monotonic()
    for path in _expand(paths):
        outcome, problems = _outcome(path, keep=keep)
        is_right = outcome is not None and outcome.is_right
        wrong += not is_right
        if as_json:
            reports.append(_report(path, outcome, problems))
            continue
        emit(None, as_json=False, text=_lines(path, outcome, problems, shows_found=shows_found))
    if as_json:
        emit(reports, as_json=True)
    else:
        count = len(_expand(paths))
        say(f"{count - wrong} of {count} scenarios come out right, in {time.monotonic() - started:.1f} s.")
    if wrong:
        sys.exit(WRONG)


def _expand(paths: tuple[Path, ...]) -> list[Path]:
    if not paths:
        return files.pack()
    found: list[Path] = []
    for path in paths:
        found += sorted(path.glob("*.txt")) if path.is_dir() else [path]
    return found


def _outcome(path: Path, *, keep: bool) -> tuple[Outcome | None, list[str]]:
    """Return what came of a file, or why it cannot be read."""
    try:
        scenario = files.read(path)
    except ScenarioInvalid as invalid:
        return None, [f"{path}:{problem.line}: {problem.message}" for problem in invalid.problems]
    return run(scenario, system_actor("cli", "Scenario"), keep=keep), []


def _lines(path: Path, outcome: Outcome | None, problems: list[str], *, shows_found: bool) -> Iterator[str]:
    if outcome is None:
        yield f"unread  {path}"
        complain(problems)
        return
    yield f"{'right ' if outcome.is_right else 'WRONG '}  {path}: {outcome.title}"
    for line, what, rows in outcome.found if shows_found else ():
        yield f"{path}:{line}: {what}"
        yield from (f"    {row}" for row in rows)
    yield from telling.lines(str(path), outcome)


def _report(path: Path, outcome: Outcome | None, problems: list[str]) -> dict[str, object]:
    return {
        "file": str(path),
        "is_right": outcome is not None and outcome.is_right,
        "problems": problems,
        "differences": outcome.differences if outcome else [],
        "broken": outcome.broken if outcome else [],
    }
