"""Half-open periods, hours as whole seconds, working days."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.kernel.calendars import WorkCalendar, is_holiday, public_holidays
from workledger.kernel.period import Period, gaps_or_overlaps, month_of, months, next_month, week_start
from workledger.kernel.quantity import Quantity, Unit, hours, seconds_of

days = st.dates(date(2000, 1, 1), date(2090, 12, 31))


def test_the_start_is_in_and_the_end_is_not() -> None:
    march = Period(date(2026, 3, 1), date(2026, 4, 1))
    assert date(2026, 3, 1) in march
    assert date(2026, 4, 1) not in march
    assert len(march) == len(list(march.days())) == 31


def test_neighbours_do_not_overlap() -> None:
    march, april = month_of(date(2026, 3, 5)), month_of(date(2026, 4, 5))
    assert not march.overlaps(april)
    assert march.intersect(april) is None
    both = Period(date(2026, 3, 20), date(2026, 4, 10))
    assert both.intersect(april) == Period(date(2026, 4, 1), date(2026, 4, 10))


@pytest.mark.parametrize("end", [date(2026, 3, 1), date(2026, 2, 1)])
def test_a_period_ends_after_it_starts(end: date) -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        Period(date(2026, 3, 1), end)


@given(days, days)
def test_months_cover_a_range_without_gap_or_overlap(one: date, other: date) -> None:
    start, end = min(one, other), max(one, other)
    found = list(months(start, end))
    assert gaps_or_overlaps(found) == []
    if start < end:
        assert found[0].start <= start < found[0].end
        assert found[-1].start < end <= found[-1].end
    else:
        assert not found or found == [month_of(start)]


@given(days)
def test_a_week_starts_on_monday_and_a_month_on_the_first(day: date) -> None:
    assert week_start(day).weekday() == 0
    assert 0 <= (day - week_start(day)).days < 7
    assert next_month(day).day == 1
    assert day in month_of(day)


def test_a_gap_is_found() -> None:
    january, march = month_of(date(2026, 1, 1)), month_of(date(2026, 3, 1))
    assert gaps_or_overlaps([march, january]) == [(january, march)]


@pytest.mark.parametrize(
    ("seconds", "printed"), [(3601, "1.00"), (36, "0.01"), (18, "0.01"), (17, "0.00"), (5400, "1.50")]
)
def test_hours_print_half_up_at_two_decimals(seconds: int, printed: str) -> None:
    assert str(hours(seconds)) == printed


@given(st.integers(0, 10_000))
def test_two_decimals_of_an_hour_are_whole_seconds(centihours: int) -> None:
    written = Decimal(centihours) / 100
    assert hours(seconds_of(written)) == written


def test_units_do_not_mix() -> None:
    assert Quantity(Decimal(1), Unit.HOUR) + Quantity(Decimal(2), Unit.HOUR) == Quantity(
        Decimal(3), Unit.HOUR
    )
    with pytest.raises(ValueError, match="h meets d"):
        Quantity(Decimal(1), Unit.HOUR) + Quantity(Decimal(1), Unit.DAY)


def test_holidays_depend_on_the_place() -> None:
    reformation_day = date(2026, 10, 31)
    assert is_holiday(reformation_day, "DE", "HH")
    assert not is_holiday(reformation_day, "DE", "BY")
    assert public_holidays("XX", "", 2026) == {}
    assert date(2026, 12, 25) in public_holidays("DE", "no such land", 2026)


def test_a_working_week_has_its_hours_less_holidays() -> None:
    carl = WorkCalendar("DE", "HH", Decimal(40))
    assert carl.seconds_in(Period(date(2026, 3, 9), date(2026, 3, 16))) == 40 * 3600
    easter = Period(date(2026, 3, 30), date(2026, 4, 13))  # Good Friday and Easter Monday
    assert carl.seconds_in(easter) == (80 - 16) * 3600
    part_timer = WorkCalendar("DE", "HH", Decimal("22.5"))
    assert part_timer.seconds_on(date(2026, 3, 9)) == 16_200  # 4.5 h
    assert part_timer.seconds_on(date(2026, 3, 14)) == 0
