"""Expected seconds by terms, holidays and time off."""

from datetime import date
from decimal import Decimal

from workledger.directory.calc.capacity import Absence, CapacityBasis, Place, capacity_seconds, working_days
from workledger.directory.calc.terms import Terms
from workledger.kernel.period import Period

CARL, PIA, HAMBURG = 1, 2, 7
DAY = 8 * 3600
PLACES = {HAMBURG: Place("DE", "HH")}
MAY = Period(date(2026, 5, 1), date(2026, 6, 1))


def terms(
    start: date, end: date | None = None, weekly: str = "40", person: int = CARL, office: int | None = HAMBURG
) -> Terms:
    return Terms(1, person, start, end, 1, None, office, None, Decimal(weekly), None, None)


def test_holidays_of_the_office_are_taken_off() -> None:
    # May 2026 has 21 weekdays; 1 May, Ascension (14th) and Whit Monday (25th) are free in Hamburg.
    assert working_days(MAY, Place("DE", "HH")) == 18
    assert capacity_seconds(MAY, [terms(date(2026, 1, 1))], PLACES, []) == {CARL: 18 * DAY}


def test_without_an_office_only_weekends_are_free() -> None:
    assert capacity_seconds(MAY, [terms(date(2026, 1, 1), office=None)], PLACES, []) == {CARL: 21 * DAY}


def test_the_basis_says_what_is_taken_off() -> None:
    rows, away = [terms(date(2026, 1, 1))], [Absence(CARL, date(2026, 5, 4), date(2026, 5, 6), Decimal(1))]
    assert capacity_seconds(MAY, rows, PLACES, away, CapacityBasis.NET) == {CARL: 16 * DAY}
    assert capacity_seconds(MAY, rows, PLACES, away, CapacityBasis.HOLIDAYS) == {CARL: 18 * DAY}
    assert capacity_seconds(MAY, rows, PLACES, away, CapacityBasis.CALENDAR) == {CARL: 21 * DAY}


def test_terms_that_change_inside_the_month_count_each_for_its_days() -> None:
    rows = [terms(date(2026, 1, 1), date(2026, 5, 18)), terms(date(2026, 5, 18), weekly="20")]
    # 1–17 May: 11 weekdays less two holidays = 9; 18–31 May: 10 less Whit Monday = 9, at half time.
    assert capacity_seconds(MAY, rows, PLACES, []) == {CARL: 9 * DAY + 9 * DAY // 2}


def test_half_a_day_off_takes_half_a_day_and_a_holiday_is_not_taken_twice() -> None:
    away = [
        Absence(CARL, date(2026, 5, 11), date(2026, 5, 12), Decimal("0.5")),
        Absence(CARL, date(2026, 5, 14), date(2026, 5, 15), Decimal(1)),  # Ascension
    ]
    assert capacity_seconds(MAY, [terms(date(2026, 1, 1))], PLACES, away) == {CARL: 17 * DAY + DAY // 2}


def test_overlapping_absences_count_a_day_once() -> None:
    away = [
        Absence(CARL, date(2026, 5, 4), date(2026, 5, 8), Decimal(1)),
        Absence(CARL, date(2026, 5, 6), date(2026, 5, 9), Decimal(1)),
    ]
    assert capacity_seconds(MAY, [terms(date(2026, 1, 1))], PLACES, away) == {CARL: 13 * DAY}


def test_only_people_with_terms_in_the_period_appear() -> None:
    rows = [terms(date(2026, 1, 1), date(2026, 5, 1)), terms(date(2026, 5, 29), person=PIA)]
    assert capacity_seconds(MAY, rows, PLACES, []) == {PIA: DAY}
