"""Fiscal years of months and of weeks, with their 53rd week, and a change from one to the other."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from workledger.kernel.period import END_OF_TIME, Period
from workledger.ledger.calc.periods import (
    CALENDAR_MONTHS,
    NoMoreGiven,
    Pattern,
    PeriodKind,
    Segment,
    YearEnd,
    fiscal_year,
    fiscal_year_of,
    given,
    lay,
    lay_before,
    spans_of_year,
    year_ends_on,
)

ALWAYS = Period(date.min, END_OF_TIME)
LAST_SATURDAY = Pattern(PeriodKind.WEEKS_445)
NEAREST_SATURDAY = Pattern(PeriodKind.WEEKS_445, year_end=YearEnd.NEAREST)
RETAIL = Pattern(PeriodKind.WEEKS_454, year_starts_in=2, year_end=YearEnd.NEAREST)


def weeks(pattern: Pattern, year: int) -> list[int]:
    return [len(each.days) // 7 for each in spans_of_year(pattern, year)]


def test_months_of_a_calendar_year_with_a_leap_day() -> None:
    spans = spans_of_year(CALENDAR_MONTHS, 2028)
    assert [len(each.days) for each in spans] == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert (spans[1].name, spans[1].fiscal_year, spans[1].number) == ("February 2028", 2028, 2)


def test_a_year_of_months_that_starts_in_april_is_named_after_its_end() -> None:
    spans = spans_of_year(Pattern(year_starts_in=4), 2027)
    assert (spans[0].name, spans[0].number) == ("April 2026", 1)
    assert (spans[-1].name, spans[-1].number) == ("March 2027", 12)
    assert fiscal_year_of(Pattern(year_starts_in=4), date(2026, 3, 31)) == 2026


def test_a_year_ends_on_the_last_saturday_or_the_nearest() -> None:
    # 31 December 2026 is a Thursday: the last Saturday is the 26th, the nearest 2 January 2027.
    assert year_ends_on(LAST_SATURDAY, 2026) == date(2026, 12, 26)
    assert year_ends_on(NEAREST_SATURDAY, 2026) == date(2027, 1, 2)


@pytest.mark.parametrize(
    ("kind", "quarter"),
    [
        (PeriodKind.WEEKS_445, [4, 4, 5]),
        (PeriodKind.WEEKS_454, [4, 5, 4]),
        (PeriodKind.WEEKS_544, [5, 4, 4]),
    ],
)
def test_fifty_two_weeks_in_four_quarters(kind: PeriodKind, quarter: list[int]) -> None:
    assert weeks(Pattern(kind), 2026) == quarter * 4


def test_the_fifty_third_week_is_the_last_periods() -> None:
    # From 27 December 2026 (after Saturday the 26th) 52 weeks end on 25 December 2027: the last Saturday, 52 weeks.
    # 2028 ends on 30 December 2028: 371 days after 25 December 2027, 53 weeks.
    assert weeks(LAST_SATURDAY, 2027) == [4, 4, 5] * 4
    assert weeks(LAST_SATURDAY, 2028) == [4, 4, 5] * 3 + [4, 4, 6]
    assert fiscal_year(LAST_SATURDAY, 2028) == Period(date(2027, 12, 26), date(2028, 12, 31))


def test_the_published_retail_calendar() -> None:
    # The National Retail Federation's 4-5-4 years: 2023 ran 29 January 2023 to 3 February 2024, with a 53rd week;
    # 2024 from 4 February 2024 to 1 February 2025. Here a year bears the name of the calendar year it ends in.
    assert fiscal_year(RETAIL, 2024) == Period(date(2023, 1, 29), date(2024, 2, 4))
    assert weeks(RETAIL, 2024)[-3:] == [4, 5, 5]
    assert fiscal_year(RETAIL, 2025) == Period(date(2024, 2, 4), date(2025, 2, 2))


def test_a_week_that_ends_on_sunday() -> None:
    spans = spans_of_year(Pattern(PeriodKind.WEEKS_445, week_ends_on=6, year_end=YearEnd.NEAREST), 2026)
    assert (spans[0].days.start, spans[-1].days.end) == (date(2025, 12, 29), date(2027, 1, 4))
    assert all(each.days.start.weekday() == 0 for each in spans)


def test_periods_are_laid_until_the_asked_day_is_in_one() -> None:
    spans = lay([Segment(CALENDAR_MONTHS, ALWAYS)], date(2026, 2, 1), date(2026, 4, 1))
    assert [each.name for each in spans] == ["February 2026", "March 2026", "April 2026"]


def test_a_change_to_weeks_starts_with_a_short_or_long_first_period() -> None:
    # From 1 January 2027: FY2027 by the last Saturday began on 27 December 2026, so P1 keeps 1 to 23 January.
    change = date(2027, 1, 1)
    old = Segment(CALENDAR_MONTHS, Period(date.min, change))
    spans = lay([old, Segment(LAST_SATURDAY, Period(change))], date(2026, 12, 1), date(2027, 2, 1))
    assert [(each.name, each.days.start, each.days.end) for each in spans] == [
        ("December 2026", date(2026, 12, 1), change),
        ("P1 FY2027", change, date(2027, 1, 24)),
        ("P2 FY2027", date(2027, 1, 24), date(2027, 2, 21)),
    ]
    # By the nearest Saturday FY2026 ends on 2 January 2027: those two days join P1.
    first = lay([old, Segment(NEAREST_SATURDAY, Period(change))], change, change)
    assert [(each.name, each.days) for each in first] == [("P1 FY2027", Period(change, date(2027, 1, 31)))]


def test_earlier_periods_meet_the_known_ones() -> None:
    assert [each.name for each in lay_before(CALENDAR_MONTHS, date(2025, 11, 5), date(2026, 1, 1))] == [
        "November 2025",
        "December 2025",
    ]
    assert lay_before(CALENDAR_MONTHS, date(2026, 1, 1), date(2026, 1, 1)) == []


def test_custom_periods_are_given_and_meet() -> None:
    custom = Pattern(PeriodKind.CUSTOM)
    spans = given(date(2026, 1, 1), [date(2026, 1, 31), date(2026, 3, 15)], ["", "Spring"], custom)
    assert [(each.name, each.days.end, each.number) for each in spans] == [
        ("January 2026", date(2026, 2, 1), 1),
        ("Spring", date(2026, 3, 16), 2),
    ]
    with pytest.raises(ValueError, match="ends after"):
        given(date(2026, 1, 1), [date(2026, 1, 31), date(2026, 1, 31)], ["", ""], custom)
    with pytest.raises(NoMoreGiven):
        lay([Segment(custom, ALWAYS)], date(2026, 3, 16), date(2026, 4, 1))


@drawn(
    st.sampled_from([kind for kind in PeriodKind if kind is not PeriodKind.CUSTOM]),
    st.integers(1, 12),
    st.integers(0, 6),
    st.sampled_from(YearEnd),
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
)
def test_every_day_is_in_exactly_one_period(
    kind: PeriodKind, month: int, weekday: int, year_end: YearEnd, day: date
) -> None:
    pattern = Pattern(kind, month, weekday, year_end)
    year = fiscal_year_of(pattern, day)
    spans = spans_of_year(pattern, year)
    assert len(spans) == 12
    assert all(before.days.end == after.days.start for before, after in pairwise(spans))
    assert (spans[0].days.start, spans[-1].days.end) == (
        fiscal_year(pattern, year).start,
        fiscal_year(pattern, year).end,
    )
    assert sum(day in each.days for each in spans) == 1
    if kind.weeks:
        assert len(fiscal_year(pattern, year)) in (364, 371)
