"""Schedules: exact by hand, and posted + to come = price for any facts."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.forecast.calc.schedule import (
    Burn,
    Dated,
    ForecastKind,
    ForecastSource,
    Limit,
    Part,
    Planned,
    TimeLine,
    mean_burn,
    of_obligation,
    of_time,
    price_of,
    within,
)
from workledger.revenue.calc.timeline import (
    Done,
    Estimate,
    Grain,
    Method,
    Obligation,
    Reached,
    Treatment,
    Version,
)

D = Decimal
FEB_END = date(2028, 2, 29)


def amounts(parts: list[Part]) -> list[tuple[str, str]]:
    return [(f"{part.month:%Y-%m}" if part.month else "?", f"{part.amount:.2f}") for part in parts]


def line(price: int = 3_660, start: date = date(2028, 1, 1), end: date = date(2029, 1, 1)) -> Obligation:
    return Obligation(Method.STRAIGHT_LINE, "EUR", [Version(start, D(price), start=start, end=end)])


def test_a_leap_year_has_its_day() -> None:
    parts = of_obligation(line(), date(2028, 1, 31), posted=D(310))
    assert amounts(parts)[:2] == [("2028-02", "290.00"), ("2028-03", "310.00")]
    assert sum(part.amount for part in parts) == 3_350
    # from the middle of February: 14 of its 29 days are left
    assert amounts(of_obligation(line(), date(2028, 2, 15), posted=D(460)))[0] == ("2028-02", "140.00")


def test_a_line_that_begins_later_is_all_to_come() -> None:
    parts = of_obligation(
        line(start=date(2028, 2, 29), end=date(2028, 4, 1), price=3_200), date(2028, 1, 31), posted=D(0)
    )
    assert amounts(parts) == [("2028-02", "100.00"), ("2028-03", "3100.00")]


def test_an_agreed_change_that_begins_later_counts_from_its_day() -> None:
    start, end = date(2028, 1, 1), date(2028, 7, 1)
    versions = [
        Version(start, D(1_820), start=start, end=end),
        Version(date(2028, 4, 1), D(2_730), Treatment.PROSPECTIVE, start, end),
    ]
    parts = of_obligation(Obligation(Method.STRAIGHT_LINE, "EUR", versions), FEB_END, posted=D(600))
    assert amounts(parts) == [
        ("2028-03", "310.00"),
        ("2028-04", "600.00"),
        ("2028-05", "620.00"),
        ("2028-06", "600.00"),
    ]


def test_handed_over_on_its_expected_day() -> None:
    held = Obligation(Method.POINT_IN_TIME, "EUR", [Version(date(2028, 1, 1), D(500))])
    assert amounts(of_obligation(held, FEB_END, posted=D(0), ends=date(2028, 6, 1))) == [
        ("2028-05", "500.00")
    ]
    assert amounts(of_obligation(held, FEB_END, posted=D(0), ends=date(2028, 2, 1))) == [
        ("2028-03", "500.00")
    ]
    assert amounts(of_obligation(held, FEB_END, posted=D(0))) == [("?", "500.00")]


def test_a_late_end_is_expected_at_once() -> None:
    held = Obligation(
        Method.INPUT_HOURS,
        "EUR",
        [Version(date(2028, 1, 1), D(500))],
        estimates=[Estimate(date(2028, 1, 1), 3_600)],
    )
    (part,) = of_obligation(held, FEB_END, posted=D(0), ends=date(2028, 2, 1))
    assert amounts([part]) == [("2028-03", "500.00")]
    assert "has passed" in part.said


MONTHS = {
    date(2028, 1, 1): (D(900), 9_000),
    date(2028, 2, 1): (D(300), 3_000),
    date(2027, 9, 1): (D(50), 100),
}


def test_burn_is_the_mean_of_three_whole_months() -> None:
    assert mean_burn(MONTHS, FEB_END, "EUR") == Burn(
        D(400), 4_000, 3, date(2028, 2, 1)
    )  # with a December of nothing
    assert mean_burn(MONTHS, date(2028, 2, 15), "EUR") == Burn(D(300), 3_000, 3, date(2028, 1, 1))
    assert mean_burn({}, FEB_END, "EUR").of == 0
    young = {date(2028, 2, 1): (D(300), 3_000)}
    assert mean_burn(young, date(2028, 2, 20), "EUR") == Burn(D(300), 3_000, 1, date(2028, 2, 1))


def time(burn: Burn, *limits: Limit, end: date | None = None) -> TimeLine:
    return TimeLine("EUR", burn, date(2028, 1, 1), end, date(2028, 6, 30), limits)


STEADY = Burn(D(310), 36_000, 3, date(2028, 2, 1))


def test_time_ends_with_its_line() -> None:
    parts = of_time(time(STEADY, end=date(2028, 5, 11)), FEB_END)
    assert amounts(parts) == [("2028-03", "310.00"), ("2028-04", "310.00"), ("2028-05", "100.00")]
    assert {part.kind for part in parts} == {ForecastKind.EXPECTED}


def test_a_limit_that_is_used_leaves_nothing() -> None:
    assert of_time(time(STEADY, Limit(D(0), said="the budget")), FEB_END) == []
    assert amounts(of_time(time(STEADY, Limit(seconds=54_000, said="the hours")), FEB_END)) == [
        ("2028-03", "310.00"), ("2028-04", "155.00")
    ]  # fmt: skip


def test_a_budget_on_which_nobody_worked_lasts_its_term() -> None:
    idle = Burn(D(0), 0, 0)
    parts = of_time(time(idle, Limit(D(610), said="the budget"), end=date(2028, 5, 1)), FEB_END)
    assert amounts(parts) == [("2028-03", "310.00"), ("2028-04", "300.00")]
    assert {part.source for part in parts} == {ForecastSource.BUDGET}
    assert amounts(of_time(time(idle, Limit(D(610))), FEB_END)) == [("?", "610.00")]
    assert of_time(time(idle), FEB_END) == []


def test_work_that_stopped_has_no_month() -> None:
    stopped = Burn(D(0), 0, 3, date(2028, 2, 1))
    (part,) = of_time(time(stopped, Limit(D(200), said="the budget"), end=date(2028, 5, 1)), FEB_END)
    assert amounts([part]) == [("?", "200.00")]


def test_one_limit_over_several_lines_is_used_by_month() -> None:
    march, april = date(2028, 3, 1), date(2028, 4, 1)
    lines = {
        number: [
            Part(month, ForecastKind.EXPECTED, D(100), ForecastSource.BURN, "Carried on.")
            for month in (march, april)
        ]
        for number in (1, 2)
    }
    found = within(lines, D(250), "the contract's cap")
    assert amounts(found[1]) == [("2028-03", "100.00"), ("2028-04", "50.00")]
    assert amounts(found[2]) == [("2028-03", "100.00")]
    assert found[1][-1].said == "Carried on, until the contract's cap is used."


DAYS = st.dates(date(2027, 12, 1), date(2029, 2, 1))
CENTS = st.decimals(1, 90_000, places=2)


@pytest.mark.parametrize("method", list(Method))
@given(
    price=CENTS, change=st.none() | CENTS, posted=CENTS, day=DAYS, ends=st.none() | DAYS,
    share=st.decimals(0, 1, places=2), due=st.none() | DAYS, plans=st.booleans(), grain=st.sampled_from(list(Grain)),
)  # fmt: skip
def test_posted_and_to_come_are_the_price(
    method: Method, price: Decimal, change: Decimal | None, posted: Decimal, day: date, ends: date | None,
    share: Decimal, due: date | None, plans: bool, grain: Grain,
) -> None:  # fmt: skip
    start, end = date(2028, 1, 15), date(2028, 11, 3)
    versions = [Version(start, price, start=start, end=end, total=D(1))]
    if change is not None:
        treatment = Treatment.PROSPECTIVE if plans else Treatment.CATCH_UP
        versions.append(Version(date(2028, 5, 20), change, treatment, start, end, D(2)))
    held = Obligation(
        method, "EUR", versions, grain, [Estimate(start, 100, D(100))], [Done(date(2028, 3, 1), int(share * 100), share * 100)],
        [Reached(date(2028, 3, 1), share)],
    )  # fmt: skip
    parts = of_obligation(
        held, day, posted=posted, ends=ends, dated=[Dated("Pilot", due, D(3)), Dated("End", None, D(4))],
        plan=[Planned(date(2028, 2, 1), 3_600), Planned(date(2028, 6, 1), 7_200)] if plans else (),
    )  # fmt: skip
    assert posted + sum((part.amount for part in parts), D(0)) == price_of(held)
    assert all(part.month is None or part.month >= day.replace(day=1) for part in parts)
    assert all(part.said for part in parts)
