"""``workledger import``: bring time from another tool or published exchange rates, or take an import back."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import click
from django.utils import timezone

from workledger.cli.output import Progress, emit, say
from workledger.connect import files
from workledger.connect.actions import import_time, undo_import
from workledger.connect.calc.formats import FORMATS, FormatName
from workledger.connect.calc.values import DateOrder, DecimalMark
from workledger.connect.inputs import Imported, TimeFile
from workledger.connect.queries import in_home_currency
from workledger.core.access import system_actor
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.directory.actions import import_exchange_rates
from workledger.directory.models import LegalEntity
from workledger.kernel.money import amount_words
from workledger.kernel.quantity import hours

DOOR = "cli"
_SHOWN = 20


class _Amount(click.ParamType[Decimal]):
    """An amount as people write it, exactly."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Read the amount."""
        if isinstance(value, Decimal):
            return value
        try:
            found = Decimal(str(value))
        except ArithmeticError:
            self.fail(f"{value!r} is not an amount such as 120 or 97.50.", param, ctx)
        if not found.is_finite() or found < 0:
            self.fail(f"{value!r} is not an amount of zero or more.", param, ctx)
        return found


@click.group("import")
def command() -> None:
    """Import time from another tool or published exchange rates, or undo an import.

    \b
    Example:
      workledger import time hours.csv --from toggl --dry-run
    """


@command.command("time")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option(
    "--from", "source", required=True, type=click.Choice(FORMATS), help="The tool the file comes from."
)
@click.option("--approved", is_flag=True, help="Submit and approve the time at once.")
@click.option("--default-rate", type=_Amount(), help="Per hour, where the file states no rate.")
@click.option("--dry-run", is_flag=True, help="Say what would be imported and change nothing.")
@click.option(
    "--date-order", type=click.Choice(["day-first", "month-first"]), help="How 03/04/2024 is meant."
)
@click.option("--decimal-mark", type=click.Choice([".", ","]), help="How 1,500 is meant.")
@click.option("--project", default="", help="Where time without a project goes; refused otherwise.")
@click.option("--person", default="", help="Whose time it is, where the file names nobody.")
@click.option("--currency", default="", help="Of amounts for which the file names none.")
@click.option(
    "--entity", default="", help="Whose work this is, by name, where there are several legal entities."
)
@click.option("--bill-invoiced", is_flag=True, help="Bill again what the other tool has billed already.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def time(
    file: Path,
    source: str,
    approved: bool,
    default_rate: Decimal | None,
    dry_run: bool,
    date_order: str | None,
    decimal_mark: str | None,
    project: str,
    person: str,
    currency: str,
    entity: str,
    bill_invoiced: bool,
    as_json: bool,
) -> None:
    """Import a time export as a whole. Rows that cannot be booked are listed; the same file twice creates nothing.

    People, clients, projects and tasks are matched by name and created where they are missing.

    \b
    Example:
      workledger import time hours.csv --from harvest --approved --default-rate 120
    """
    progress, today = Progress(), timezone.localdate()
    progress("Importing")
    with file.open("rb") as content, files.kept(content) as kept:
        wanted = TimeFile(
            kept=kept,
            name=file.name,
            source=cast(FormatName, source),
            entity_id=_entity_id(entity),
            date_order=cast(DateOrder, date_order.replace("-", "_")) if date_order else None,
            decimal_mark=cast(DecimalMark | None, decimal_mark),
            person=person,
            project=project,
            currency=currency,
            bills_invoiced=bill_invoiced,
        )
        done = import_time.using(Options(dry_run=dry_run))(
            actor=system_actor(DOOR), file=wanted, on=today, approved=approved, default_rate=default_rate
        )
    progress.close()
    report = _report(done, today, dry_run=dry_run)
    if as_json:
        for note in done.notes:
            say(note)
    emit(report, as_json=as_json, text=lambda: _lines(done, dry_run=dry_run))


@command.command("rates")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option(
    "--currency", "currencies", multiple=True, help="Take only this one; may be given several times."
)
@click.option("--dry-run", is_flag=True, help="Say what would be imported and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rates(file: Path, currencies: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Import exchange rates: the European Central Bank's eurofxref-hist.csv or eurofxref.csv, or the zip of either.

    The same file twice changes nothing. Rates that were set by hand are kept.

    \b
    Example:
      workledger import rates eurofxref-hist.zip --currency USD --currency GBP
    """
    done = import_exchange_rates.using(Options(dry_run=dry_run))(
        actor=system_actor(DOOR),
        content=file.read_bytes(),
        currencies=[code.upper() for code in currencies] or None,
    )
    emit(
        done,
        as_json=as_json,
        text=f"Nothing is changed. It would be: {done.words}" if dry_run else done.words,
    )


@command.command("undo")
@click.argument("batch", type=int)
@click.option("--dry-run", is_flag=True, help="Say what would be taken back and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def undo(batch: int, dry_run: bool, as_json: bool) -> None:
    """Take an import back as a whole, while nothing built on it is on an invoice.

    \b
    Example:
      workledger import undo 12
    """
    progress = Progress()
    progress("Undoing")
    done = undo_import.using(Options(dry_run=dry_run))(
        actor=system_actor(DOOR), batch_id=batch, on=timezone.localdate()
    )
    progress.close()
    words = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in done.removed.items())
    said = f"{'Would take' if dry_run else 'Took'} back {done.entries:,} entries of import {batch}."
    if words:
        said += f" Removed what it had created and nothing else uses: {words}."
    if done.approved_again:
        said += f" {done.approved_again:,} timesheet lines hold other time and stay approved with it."
    report = {
        "batch": batch,
        "entries": done.entries,
        "removed": done.removed,
        "approved_again": done.approved_again,
    }
    emit(report, as_json=as_json, text=said)


def _entity_id(name: str) -> int | None:
    if not name:
        return None
    entities = LegalEntity.objects.visible_to(system_actor(DOOR))
    found = entities.filter(name__iexact=name).values_list("pk", flat=True).first()
    if found is None:
        names = ", ".join(entities.order_by("name").values_list("name", flat=True))
        raise Refused.because(
            "entity_unknown", f"There is no legal entity named '{name}'. There are: {names}."
        )
    return int(found)


def _report(done: Imported, day: date, *, dry_run: bool) -> dict[str, Any]:
    report: dict[str, Any] = {
        "batch": None if dry_run else done.batch_id,
        "rows": done.rows,
        "created": done.created,
        "matched": done.matched,
        "refused": [{"line": row.line, "reason": row.reason} for row in done.refused],
        "hours": hours(done.seconds),
        "billable_hours": hours(done.billable_seconds),
        "value": in_home_currency(done.values, day),
    }
    if len(done.values) > 1:
        report["value_by_currency"] = done.values
    if done.refused_count > len(done.refused):
        report["refused_count"] = done.refused_count
    return report


def _lines(done: Imported, *, dry_run: bool) -> list[str]:
    word = "Would import" if dry_run else "Imported"
    said = [
        f"{word} {done.created:,} of {done.rows:,} rows: {hours(done.seconds):,} h,"
        f" {hours(done.billable_seconds):,} h of them billable."
    ]
    said += [
        f"Billable value {code or 'in the entity’s currency'}: {amount_words(value, code)}"
        for code, value in done.values.items()
    ]
    if done.matched:
        said.append(f"{done.matched:,} rows were there already, or have no time.")
    if done.approved_lines:
        said.append(f"{'Would approve' if dry_run else 'Approved'} {done.approved_lines:,} timesheet lines.")
    said += done.notes
    if done.refused_count:
        said.append(f"Refused ({done.refused_count:,} rows):")
        said += [f"  line {row.line}: {row.reason}" for row in done.refused[:_SHOWN]]
        if done.refused_count > _SHOWN:
            said.append(f"  and {done.refused_count - _SHOWN:,} more; --json lists them.")
    if not dry_run:
        said.append(
            f"This is import {done.batch_id}. To take it back: workledger import undo {done.batch_id}"
        )
    return said
