"""Time to simulate with: files, assumed weeks, and whom they mean."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.billing.calc.timerows import (
    Ground,
    LineName,
    Registry,
    RowProblem,
    RowsInvalid,
    TimeRow,
    WeeklyTime,
    Worker,
    read_time,
    seconds_in,
    shift_days,
    stand,
    weekly_rows,
)

MONDAY = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("text", "seconds"), [("7.5", 27000), ("7:30", 27000), ("0:00:01", 1), ("24", 86400)]
)
def test_hours(text: str, seconds: int) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize("text", ["", "many", "25", "-1", "nan", "7,5", "24:01"])
def test_what_are_no_hours(text: str) -> None:
    with pytest.raises(ValueError, match=text or "hours"):
        seconds_in(text)


def test_a_file_is_read_by_its_header_in_any_order() -> None:
    (row,) = read_time("\ufeffhours;date;role;rate\n7:30;2026-01-05;Lead;160\n\n")
    assert row == TimeRow(2, MONDAY, "", "Lead", 27000, rate=Decimal(160))


def test_every_bad_row_is_named_with_its_line() -> None:
    text = "date,person,hours,rate\n2026-01-05,Ann,8,\n5.1.2026,Ann,8,\n2026-01-05,,99,x\n"
    with pytest.raises(RowsInvalid) as invalid:
        read_time(text)
    assert [(each.line, each.column) for each in invalid.value.problems] == [
        (3, "date"), (4, "hours"), (4, "rate"), (4, "role"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "column"),
    [("", ""), ("date,hours\n", "role"), ("date,role,hours,colour\n", "colour"), ("role,hours\n", "date")],
)
def test_a_header_that_is_not_understood(text: str, column: str) -> None:
    with pytest.raises(RowsInvalid) as invalid:
        read_time(text)
    assert [each.column for each in invalid.value.problems] == [column]


def test_an_assumed_week_is_spread_over_its_days() -> None:
    rows = weekly_rows(
        [WeeklyTime(Decimal("10.01"), role="Lead", people=2, weekdays=(0, 1, 2))], MONDAY, date(2026, 1, 12)
    )
    assert sum(row.seconds for row in rows) == 2 * 36036
    assert [(row.day.day, row.worker, row.seconds) for row in rows[-2:]] == [(7, 0, 12012), (7, 1, 12012)]


def test_past_time_moves_by_whole_weeks_and_never_before_the_start() -> None:
    assert shift_days(date(2025, 1, 1), date(2026, 1, 1)) == 371  # 365 rounded up to weeks
    assert shift_days(MONDAY, MONDAY) == 0


def ground(*lines: str) -> Ground:
    return Ground(
        {name.casefold(): LineName(name, name) for name in lines}, Registry(), lambda _row: None,
        lambda row: Worker(1, 1) if row.role == "Lead" else RowProblem(row.number, "role", f"No {row.role}."),
        lambda *_: Decimal(160),
    )  # fmt: skip


def test_rows_stand_on_their_line_with_rates() -> None:
    rows = [
        TimeRow(2, MONDAY, "", "Lead", 60, "build"),
        TimeRow(3, MONDAY, "", "Lead", 60, "BUILD", rate=Decimal(1)),
    ]
    found = stand(rows, ground("Build", "Run"))
    assert [work.rate for work in found["Build"]] == [160, 1]


def test_rows_whose_line_or_role_nobody_knows() -> None:
    rows = [TimeRow(2, MONDAY, "", "Lead", 60), TimeRow(3, MONDAY, "", "Wizard", 60, "Run")]
    with pytest.raises(RowsInvalid) as invalid:
        stand(rows, ground("Build", "Run"))
    assert [(each.line, each.column) for each in invalid.value.problems] == [(2, "line"), (3, "role")]
