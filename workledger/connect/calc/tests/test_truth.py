"""Real exports that no one here wrote: their totals are the totals read."""

from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest

from workledger.connect.calc.formats import FormatName
from workledger.connect.calc.reading import TimeExport, open_time_export
from workledger.connect.calc.rows import ParsedRow

SAMPLES = Path(__file__).resolve().parents[5] / "shared" / "truth" / "imports"
COMPANY = ("Big Company", "Project for Big Company")


def read(name: str, fmt: FormatName) -> tuple[TimeExport, ParsedRow, ParsedRow]:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the sample {name} is not here (looked in {SAMPLES})")
    with path.open("rb") as file:
        export = open_time_export(file, source_format=fmt)
        first, second = export
    assert isinstance(first, ParsedRow)
    assert isinstance(second, ParsedRow)
    return export, first, second


def test_harvest() -> None:
    export, first, second = read("harvest-1.csv", "harvest")
    assert export.totals.seconds == 20 * 3600 + 36  # 20.0 h and 0.01 h
    assert export.totals.billable_seconds == 36
    assert export.totals.value == {"EUR": Decimal("2001.0")}  # 2.000,0 and 1,0
    assert export.totals.billable_value == {"EUR": Decimal("1.0")}
    assert (first.client, first.rate, first.amount, first.cost_rate) == (
        None,
        Decimal(100),
        Decimal(2000),
        None,
    )
    assert (second.client, second.task, second.person_name) == ("Big Company", "Task 1", "Peter Tester")
    assert export.profile.decimal_mark == ","


def test_toggl() -> None:
    export, first, second = read("toggl-1.csv", "toggl")
    assert export.profile.encoding == "utf-8-sig"
    assert (first.zero, first.client, first.tags) == (True, None, ("Development", "Backend"))
    assert (second.seconds, second.amount, second.currency) == (3601, Decimal("111.11"), "EUR")
    assert (export.totals.rows, export.totals.zero, export.totals.seconds) == (2, 1, 3601)
    assert list(export.totals.by_project) == [COMPANY]


def test_clockify() -> None:
    export, first, second = read("clockify-1.csv", "clockify")
    assert (first.date, first.started, first.zero) == (date(2024, 3, 4), time(10, 23, 52), True)
    assert (second.seconds, second.billable, second.rate, second.currency) == (3601, True, None, "USD")
    assert export.totals.value == {"USD": Decimal("0.00")}
    assert export.profile.date_order_source == "assumed"
