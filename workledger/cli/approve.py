"""``workledger approve``: approve submitted time up to a day."""

from datetime import date, datetime

import click

from workledger.cli.output import Progress, emit
from workledger.core.access import system_actor
from workledger.core.door import Options
from workledger.kernel.quantity import hours
from workledger.timesheets import approval, queries

DOOR = "cli"


@click.command("approve")
@click.option(
    "--through", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The last day whose time is approved."
)
@click.option(
    "--unsubmitted", is_flag=True, help="Take lines that are not submitted too: everything up to that day."
)
@click.option("--dry-run", is_flag=True, help="Say what would be approved and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(through: datetime, unsubmitted: bool, dry_run: bool, as_json: bool) -> None:
    """Approve submitted time whose entries all lie on or before a day.

    Flagged lines are approved too, and listed, so that somebody can look at them.

    \b
    Example:
      workledger approve --through 2026-03-31
    """
    actor = system_actor(DOOR)
    day = through.date()
    progress = Progress()
    progress("Looking for what is out of the ordinary")
    flagged = queries.flagged_through(actor, day, include_unsubmitted=unsubmitted)
    progress("Approving and posting")
    options = Options(dry_run=dry_run)
    done = approval.approve_through.using(options)(actor=actor, through=day, include_unsubmitted=unsubmitted)
    progress.close()
    left = 0 if unsubmitted else queries.unsubmitted_through(actor, day)
    exceptions = _exceptions(done, left, day)
    report = {
        "lines": done.lines,
        "entries": done.entries,
        "hours": hours(done.worked_seconds),
        "billable_hours": hours(done.billable_seconds),
        "flagged": [
            {
                "person": line.person,
                "project": line.project,
                "task": line.task,
                "week": line.week,
                "reasons": line.reasons,
            }
            for line in flagged
        ],
        "exceptions": exceptions,
    }
    emit(report, as_json=as_json, text=lambda: _lines(done, flagged, exceptions, dry_run=dry_run))


def _exceptions(done: approval.Approved, left: int, day: date) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    if done.without_cost_rate:
        detail = "These entries have no cost rate and were posted at no cost. Give their people a rate."
        found.append({"kind": "no_cost_rate", "count": done.without_cost_rate, "detail": detail})
    if left:
        detail = f"Lines with time up to {day.isoformat()} are not submitted. --unsubmitted takes them too."
        found.append({"kind": "not_submitted", "count": left, "detail": detail})
    return found


def _lines(
    done: approval.Approved,
    flagged: tuple[queries.FlaggedLine, ...],
    exceptions: list[dict[str, object]],
    *,
    dry_run: bool,
) -> list[str]:
    word = "Would approve" if dry_run else "Approved"
    said = [
        f"{word} {done.lines:,} lines with {done.entries:,} entries: {hours(done.worked_seconds):,} h,"
        f" {hours(done.billable_seconds):,} h of them billable."
    ]
    if flagged:
        said.append(f"Out of the ordinary, worth a look ({len(flagged):,} lines):")
        said += [
            f"  {line.week} {line.person}, {line.task} ({line.project}): {' '.join(line.reasons)}"
            for line in flagged[:20]
        ]
        if len(flagged) > 20:
            said.append(f"  and {len(flagged) - 20:,} more; --json lists them all.")
    said += [f"{each['count']}: {each['detail']}" for each in exceptions]
    return said
