"""``workledger import``: time of other tools, and taking an import back."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import click
from django.utils import timezone

from workledger.cli.output import Progress, emit
from workledger.connect import files
from workledger.connect.actions import import_time, undo_import
from workledger.connect.calc.formats import FORMATS, FormatName
from workledger.connect.inputs import Imported, TimeFile
from workledger.core.access import system_actor
from workledger.core.door import Options
from workledger.kernel.quantity import hours

DOOR = "cli"
_SHOWN = 20


@click.group("import")
def command() -> None:
    """Import time from another tool, or undo an import.

    \b
    Example:
      workledger import time export.csv --from harvest --approved --default-rate 120
    """


@command.command("time")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--from", "source", required=True, type=click.Choice(FORMATS))
@click.option("--approved", is_flag=True, help="Submit and approve the time at once.")
@click.option("--default-rate", default="", help="Rate per hour where the file states none.")
@click.option("--project", default="", help="Where time without a project goes.")
@click.option("--date-order", type=click.Choice(["ymd", "dmy", "mdy"]), help="How the file writes dates.")
@click.option("--decimal-mark", type=click.Choice([".", ","]), help="How the file writes decimals.")
@click.option("--dry-run", is_flag=True, help="Say what would be imported and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def time(
    file: Path,
    source: FormatName,
    approved: bool,
    default_rate: str,
    project: str,
    date_order: str | None,
    decimal_mark: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import a time export. The same file twice creates nothing; refused rows are listed with their line.

    \b
    Example:
      workledger import time export.csv --from toggl --approved
    """
    progress = Progress()
    progress("Reading and booking")
    with file.open("rb") as content, files.kept(content) as kept:
        given = TimeFile(
            kept=kept,
            name=file.name,
            source=source,
            project=project,
            date_order=date_order,  # type: ignore[arg-type]
            decimal_mark=decimal_mark,  # type: ignore[arg-type]
        )
        done = import_time.using(Options(dry_run=dry_run))(
            actor=system_actor(DOOR), file=given, approved=approved, default_rate=_rate(default_rate)
        )
    progress.close()
    report = {
        "batch": done.batch_id,
        "rows": done.rows,
        "created": done.created,
        "matched": done.matched,
        "refused": [{"line": row.line, "reason": row.reason} for row in done.refused],
        "hours": hours(done.seconds),
        "billable_hours": hours(done.billable_seconds),
        "value": sum(done.values.values(), Decimal("0.00")),
    }
    emit(report, as_json=as_json, text=lambda: _lines(done, dry_run=dry_run))


def _rate(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        rate = Decimal(text)
    except InvalidOperation as error:
        message = f"'{text}' is no rate. Write it with a point, such as 120 or 97.50."
        raise click.BadParameter(message, param_hint="--default-rate") from error
    if not rate.is_finite() or rate < 0:
        raise click.BadParameter("a rate is not negative", param_hint="--default-rate")
    return rate


def _lines(done: Imported, *, dry_run: bool) -> list[str]:
    word = "Would import" if dry_run else f"Batch {done.batch_id}: imported"
    said = [
        f"{word} {done.created:,} of {done.rows:,} rows: {hours(done.seconds):,} h,"
        f" {hours(done.billable_seconds):,} h of them billable, worth {_worth(done)}.",
        f"{done.matched:,} rows were there already or hold no time; {done.refused_count:,} were refused.",
    ]
    said += [f"  line {row.line}: {row.reason}" for row in done.refused[:_SHOWN]]
    if len(done.refused) > _SHOWN:
        said.append(f"  and {done.refused_count - _SHOWN:,} more; --json lists them all.")
    return [*said, *done.notes]


def _worth(done: Imported) -> str:
    return (
        ", ".join(f"{value:,} {currency}".strip() for currency, value in sorted(done.values.items()))
        or "nothing"
    )


@command.command("undo")
@click.argument("batch", type=int)
def undo(batch: int) -> None:
    """Take an import back while nothing built on it is issued.

    \b
    Example:
      workledger import undo 3
    """
    done = undo_import(actor=system_actor(DOOR), batch_id=batch, on=timezone.localdate())
    emit(
        {"batch": batch, "removed": done.entries},
        as_json=False,
        text=f"Removed {done.entries:,} entries of batch {batch}.",
    )
