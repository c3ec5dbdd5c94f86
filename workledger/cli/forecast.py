"""``workledger forecast``: what is recognized and still to come, by month."""

from datetime import datetime
from typing import Any

import click
from django.utils import timezone

from workledger.cli.entities import entities
from workledger.cli.output import Progress, emit, table
from workledger.core.access import system_actor
from workledger.forecast import queries, reports
from workledger.forecast.outlook import Forecast
from workledger.forecast.reports import MonthSums
from workledger.kernel.money import amount_words

DOOR = "cli"


@click.command("forecast")
@click.option("--entity", default="", help="The legal entity, by name; every one otherwise.")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Recognized through this day; today otherwise."
)
@click.option("--items", is_flag=True, help="Print each amount with what it rests on.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with each amount.")
def command(entity: str, as_of: datetime | None, items: bool, as_json: bool) -> None:
    """Print revenue by month: recognized, and what contracts, estimates and recent work still promise.

    Renewals stand beside it and count in no total.

    \b
    Example:
      workledger forecast --entity "Fjord & Co" --json
    """
    day = as_of.date() if as_of else timezone.localdate()
    progress = Progress()
    found = []
    for one in entities(entity):
        progress(f"Forecasting {one.name}")
        found.append(queries.now(system_actor(DOOR), one.pk, day))
    progress.close()
    if as_json:
        emit([_report(each) for each in found], as_json=True)
        return
    text = []
    for each in found:
        text += _lines(each, with_items=items)
    emit(None, as_json=False, text=text)


def _month(row: MonthSums) -> str:
    return f"{row.month:%b %Y}" if row.month else "not known"


def _lines(found: Forecast, *, with_items: bool) -> list[str]:
    rows = reports.by_month(found)
    if not rows:
        return [f"{found.entity} has nothing recognized and nothing to come."]
    text = [f"{found.entity}, recognized through {found.as_of:%Y-%m-%d}, {found.currency}."]
    head = ["Month", "Recognized", "Contracted", "Expected", "All", "Renewals"]
    cells = [
        [_month(row), *(amount_words(amount, found.currency) for amount in (
            row.recognized, row.contracted, row.expected, row.total, row.renewal
        ))]
        for row in rows
    ]  # fmt: skip
    text += table([head, *cells], right=(1, 2, 3, 4, 5))
    if with_items:
        for item in (each for each in found.items if each.amounts):
            text.append(f"{item.contract}, {item.name}. {item.note}".rstrip())
            text += [
                f"  {f'{each.month:%b %Y}' if each.month else 'not known'}  {each.kind.value}"
                f"  {amount_words(each.amount, item.currency)} {item.currency}  {each.said}"
                for each in item.amounts
            ]
    return text


def _report(found: Forecast) -> dict[str, Any]:
    return {
        "entity": found.entity,
        "as_of": found.as_of.isoformat(),
        "through": found.through.isoformat(),
        "currency": found.currency,
        "months": [
            {
                "month": f"{row.month:%Y-%m}" if row.month else None, "recognized": str(row.recognized),
                "contracted": str(row.contracted), "expected": str(row.expected), "renewal": str(row.renewal),
                "total": str(row.total),
            }
            for row in reports.by_month(found)
        ],
        "items": [
            {
                "client": item.client, "contract": item.contract, "name": item.name, "method": item.method,
                "currency": item.currency, "price": None if item.price is None else str(item.price), "note": item.note,
                "amounts": [
                    {
                        "month": f"{each.month:%Y-%m}" if each.month else None, "kind": each.kind.value,
                        "amount": str(each.amount), "functional": str(each.functional), "source": each.source.value,
                        "said": each.said,
                    }
                    for each in item.amounts
                ],
            }
            for item in found.items
        ],
    }  # fmt: skip
