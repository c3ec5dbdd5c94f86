"""``workledger report``: financial reports, as posted, as earned, or as believed on a past day."""

import csv
import sys
from datetime import date, datetime, timedelta

import click
from django.utils import timezone

from workledger.cli.entities import entities
from workledger.cli.output import emit, table
from workledger.core.access import system_actor
from workledger.core.refusals import Refused
from workledger.kernel.money import amount_words
from workledger.kernel.period import next_month
from workledger.reporting.catalogue import REPORTS, run
from workledger.reporting.drill import words_of
from workledger.reporting.report import (
    Asked,
    Cell,
    Column,
    Compare,
    Report,
    ReportBy,
    ReportUnit,
    Row,
    Split,
    plain_of,
    sheet_of,
)
from workledger.reporting.sums import ReportBasis

DOOR = "cli"
_DAY = timedelta(days=1)
_MONTH_LENGTH = len("2026-03")


@click.command("report")
@click.argument("name", type=click.Choice(list(REPORTS)))
@click.option("--entity", default="", help="The legal entity, by name; needed where there are several.")
@click.option("--from", "start", help="The first day or month; the last whole month otherwise.")
@click.option("--to", "last", help="The last day or month; the month of --from otherwise.")
@click.option("--as-earned", is_flag=True, help="Count by the day of the work, not of the posting.")
@click.option(
    "--known-on", type=click.DateTime(["%Y-%m-%d"]), help="As it was believed at the end of that day."
)
@click.option(
    "--by",
    multiple=True,
    type=click.Choice([by.value for by in ReportBy]),
    help="What rows stand for; may be repeated.",
)
@click.option(
    "--split", type=click.Choice([each.value for each in Split if each]), help="Columns of a statement."
)
@click.option(
    "--compare", type=click.Choice([each.value for each in Compare if each]), help="Another time beside it."
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, each figure with the postings behind it.")
def command(
    name: str,
    entity: str,
    start: str | None,
    last: str | None,
    as_earned: bool,
    known_on: datetime | None,
    by: tuple[str, ...],
    split: str | None,
    compare: str | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Print a report. Its totals tie to the trial balance; the last lines say how.

    \b
    Example:
      workledger report revenue --from 2026-01 --to 2026-03 --by client --by month --as-earned
    """
    first, end = _time(start, last)
    asked = Asked(
        _entity(entity), first, end, ReportBasis.EARNED if as_earned else ReportBasis.POSTED, known_on.date() if known_on else None,
        tuple(map(ReportBy, by)), Split(split or ""), Compare(compare or ""),
    )  # fmt: skip
    report = run(system_actor(DOOR), name, asked)
    if as_csv:
        head, rows = sheet_of(report)
        writer = csv.writer(sys.stdout)
        writer.writerows([head, *([cell if cell is not None else "" for cell in row] for row in rows)])
        return
    emit(_plain(report), as_json=as_json, text=lambda: _lines(report))


def _time(start: str | None, last: str | None) -> tuple[date, date]:
    """Return the half-open time; a month given as 2026-03 begins with its first day and ends with its last."""
    if start is None and last is None:
        end = timezone.localdate().replace(day=1)
        return (end - _DAY).replace(day=1), end
    first = _days(start)[0] if start else _days(last or "")[0].replace(day=1)
    return first, _days(last)[1] if last else next_month(first)


def _days(text: str) -> tuple[date, date]:
    """Return the day or the month that is meant, half-open."""
    try:
        if len(text) == _MONTH_LENGTH:
            first = date.fromisoformat(f"{text}-01")
            return first, next_month(first)
        day = date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is neither a day like 2026-03-31 nor a month like 2026-03."
        ) from None
    return day, day + _DAY


def _entity(name: str) -> int:
    found = entities(name)
    if len(found) == 1:
        return int(found[0].pk)
    known = ", ".join(one.name for one in found) or "none yet"
    raise Refused.because(
        "entity_unknown", f"Name the legal entity with --entity. There are: {known}.", "entity"
    )


def _lines(report: Report) -> list[str]:
    asked = report.asked
    known = f", as believed at the end of {asked.known_on}" if asked.known_on else ""
    head = f"{report.entity}, {report.title.lower()}, {asked.start} to {asked.last_day}, {asked.basis.label.lower()}{known}"
    units = {ReportUnit.MONEY: report.currency, ReportUnit.HOURS: "h", ReportUnit.SHARE: "%"}
    rows = [["", *(f"{column.label} {units[column.unit]}" for column in report.columns)]]
    rows += [_row(report, row) for row in report.rows]
    text = [head, *table(rows, right=range(1, len(report.columns) + 1))]
    for tie in report.ties:
        books = amount_words(tie.books, report.currency)
        words = f"{tie.label}: {amount_words(tie.reported, report.currency)}, in the books {books}"
        off = f", OFF BY {amount_words(tie.difference, report.currency)}" if tie.difference else ""
        text.append(f"{words} (accounts {', '.join(tie.accounts)}){off}.")
    return [*text, *report.notes]


def _row(report: Report, row: Row) -> list[str]:
    figures = [
        _words(cell, column, report.currency)
        for column, cell in zip(report.columns, row.cells, strict=bool(row.cells))
    ]
    return ["  " * row.level + row.label, *(figures or [""] * len(report.columns))]


def _words(cell: Cell, column: Column, currency: str) -> str:
    value = plain_of(cell, column, currency)
    if value is None:
        return ""
    return amount_words(value, currency) if column.unit is ReportUnit.MONEY else f"{value:,.2f}"


def _plain(report: Report) -> dict[str, object]:
    asked = report.asked
    return {
        "name": report.name, "title": report.title, "entity": report.entity, "currency": report.currency,
        "start": asked.start, "end": asked.end, "basis": asked.basis, "known_on": asked.known_on,
        "columns": [{"key": column.key, "label": column.label, "unit": column.unit} for column in report.columns],
        "rows": [
            {
                "kind": row.kind, "label": row.label, "note": row.note, "level": row.level,
                "figures": [
                    {
                        "value": plain_of(cell, column, report.currency),
                        "postings": words_of(cell.drill) if cell.drill else None,
                    }
                    for column, cell in zip(report.columns, row.cells, strict=bool(row.cells))
                ],
            }
            for row in report.rows
        ],
        "ties": report.ties,
        "is_tied": report.is_tied,
        "notes": report.notes,
    }  # fmt: skip
