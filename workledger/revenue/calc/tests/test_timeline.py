"""Revenue to date along the life of an obligation."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.revenue.calc.timeline import (
    Done,
    Estimate,
    Grain,
    Method,
    NotMeasurable,
    Obligation,
    Reached,
    Treatment,
    Version,
    by_month,
    divergence,
    elapsed,
    explain,
    measures,
    recognized,
)

D = Decimal
START, END = date(2026, 1, 1), date(2027, 1, 1)
YEAR_END = date(2026, 12, 31)
_PRICED = [method for method in Method if method is not Method.RIGHTS_USED]


def straight(price: str = "365.00", **terms: object) -> Obligation:
    version = Version(START, D(price), start=START, end=END)
    return replace(Obligation(Method.STRAIGHT_LINE, "EUR", [version]), **terms)  # type: ignore[arg-type]


def hourly(total: int, *done: tuple[date, int], price: int = 1_000) -> Obligation:
    return Obligation(
        Method.INPUT_HOURS,
        "EUR",
        [Version(START, D(price))],
        estimates=[Estimate(START, seconds=total * 3600)],
        done=[Done(day, worked * 3600, D(0)) for day, worked in done],
    )


def test_days_are_worth_the_same_or_months_are() -> None:
    assert [month.amount for month in by_month(straight(), date(2026, 2, 28))] == [31, 28]
    by_the_month = straight("120.00", grain=Grain.MONTHS)
    assert [month.amount for month in by_month(by_the_month, date(2026, 2, 28))] == [10, 10]


def test_a_month_cut_short_counts_by_its_days() -> None:
    assert elapsed(Grain.MONTHS, date(2026, 1, 16), date(2026, 4, 11)) == 16 / D(31) + 2 + 10 / D(30)


def test_hours_follow_the_estimate_of_their_day() -> None:
    jan, feb = date(2026, 1, 31), date(2026, 2, 28)
    obligation = hourly(10, (jan, 2), (feb, 4))
    higher = replace(
        obligation,
        estimates=[*obligation.estimates, Estimate(date(2026, 2, 10), seconds=16 * 3600)],
    )
    assert [month.amount for month in by_month(obligation, feb)] == [200, 200]
    # 4 of 16 hours is 250: 50 in February, January stays as it was believed then.
    assert [month.amount for month in by_month(higher, feb)] == [200, 50]


def test_late_hours_find_their_month() -> None:
    jan, feb = date(2026, 1, 31), date(2026, 2, 28)
    assert [month.amount for month in by_month(hourly(10, (jan, 3), (feb, 5)), feb)] == [300, 200]


def test_progress_stops_at_the_whole() -> None:
    assert recognized(hourly(10, (START, 25)), START).amount == 1_000


def test_an_estimate_used_up_before_it_began_is_complete_once_worked() -> None:
    assert recognized(hourly(0, (START, 1)), START).amount == 1_000
    assert recognized(hourly(0), START).amount == 0


def test_a_change_of_hours_earns_the_rest_by_the_rest() -> None:
    jan, feb, mar = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
    obligation = hourly(10, (jan, 5), (feb, 10), (mar, 20))
    changed = replace(
        obligation,
        versions=[*obligation.versions, Version(date(2026, 2, 1), D(2_000), Treatment.PROSPECTIVE)],
        estimates=[*obligation.estimates, Estimate(date(2026, 2, 1), seconds=20 * 3600)],
    )
    # 500 stands; 1,500 over the other 15 hours.
    assert [month.amount for month in by_month(changed, mar)] == [500, 500, 1_000]


def test_a_share_said_on_the_day_of_a_change_is_of_the_new_whole() -> None:
    said = [Reached(START, D("0.5")), Reached(date(2026, 2, 1), D("0.4")), Reached(YEAR_END, D(1))]
    versions = [
        Version(START, D(1_000)),
        Version(date(2026, 2, 1), D(1_500), Treatment.PROSPECTIVE),
    ]
    obligation = Obligation(Method.OUTPUT_PROGRESS, "EUR", versions, reached=said)
    assert recognized(obligation, date(2026, 2, 1)).amount == 500
    half_of_the_rest = [*said[:2], Reached(date(2026, 3, 1), D("0.7"))]
    assert recognized(replace(obligation, reached=half_of_the_rest), date(2026, 3, 1)).amount == 1_000
    assert recognized(obligation, YEAR_END).amount == 1_500


def test_what_is_fulfilled_is_earned_in_full() -> None:
    assert recognized(straight(is_complete_on=date(2026, 2, 1)), date(2026, 2, 1)).amount == 365
    assert recognized(straight(is_complete_on=date(2026, 2, 1)), date(2026, 1, 31)).amount == 31


@pytest.mark.parametrize("method", _PRICED)
def test_a_missing_fact_is_said_or_nothing_is_earned(method: Method) -> None:
    bare = Obligation(method, "EUR", [Version(START, D(100))])
    if method in (Method.OUTPUT_PROGRESS, Method.POINT_IN_TIME):
        assert recognized(bare, YEAR_END).amount == 0
    else:
        with pytest.raises(NotMeasurable):
            recognized(bare, YEAR_END)


def test_before_its_first_day_nothing_is_earned() -> None:
    assert recognized(straight(), date(2025, 12, 31)).amount == 0


def test_ways_of_measuring_are_compared() -> None:
    terms = Version(START, D(1_000), start=START, end=END)
    obligation = replace(hourly(10, (START, 9)), versions=[terms])
    found = {measure.name: measure.share for measure in measures(obligation, date(2026, 1, 1))}
    assert found == {"time": 1 / D(365), "hours": D("0.9")}
    assert divergence(measures(obligation, START)) == D("0.9") - 1 / D(365)


def test_every_amount_says_why() -> None:
    said = explain(hourly(10, (START, 4)), START)
    assert [step.said for step in said] == [
        "4.00 of 10.00 hours, as estimated on 01 Jan 2026.",
        "1,000.00 EUR × 40.00 % = 400.00 EUR; 400.00 EUR of 1,000.00 EUR to date.",
    ]


_days = st.dates(START, YEAR_END)
_prices = st.decimals(D("0.01"), D(1_000_000), places=2)
_treatments = st.sampled_from([Treatment.CATCH_UP, Treatment.PROSPECTIVE])
_changes = st.lists(st.tuples(_days, _prices, _treatments), max_size=4)
_work = st.lists(st.tuples(_days, st.integers(0, 400)), max_size=12)


def _life(
    method: Method, price: D, changes: list[tuple[date, D, Treatment]], work: list[tuple[date, int]]
) -> Obligation:
    versions = [Version(START, price, start=START, end=END, total=D(100))]
    for day, changed, treatment in sorted(changes, key=lambda each: each[0]):
        versions.append(Version(day, changed, treatment, START, END, D(100)))
    done, reached, seconds = [], [], 0
    for day, amount in sorted(work):
        seconds += amount
        done.append(Done(day, seconds, D(seconds)))
        reached.append(Reached(day, min(D(seconds) / 4_000, D(1))))
    estimate = Estimate(START, seconds=2_000, cost=D(2_000))
    return Obligation(
        method, "EUR", versions, estimates=[estimate], done=done, reached=reached, is_complete_on=YEAR_END
    )


@given(st.sampled_from(_PRICED), _prices, _changes, _work)
def test_over_its_life_the_whole_price_is_recognized(
    method: Method, price: D, changes: list[tuple[date, D, Treatment]], work: list[tuple[date, int]]
) -> None:
    life = _life(method, price, changes, work)
    found = recognized(life, YEAR_END)
    assert found.amount == found.price == life.versions[-1].price
    assert sum((month.amount for month in by_month(life, YEAR_END)), D(0)) == found.price


@given(st.sampled_from(_PRICED), _prices, _changes, _work, _days)
def test_later_facts_do_not_move_earlier_days(
    method: Method,
    price: D,
    changes: list[tuple[date, D, Treatment]],
    work: list[tuple[date, int]],
    day: date,
) -> None:
    life = _life(method, price, changes, work)
    known = replace(
        life,
        versions=[each for each in life.versions if each.from_day <= day],
        done=[each for each in life.done if each.day <= day],
        reached=[each for each in life.reached if each.day <= day],
        is_complete_on=None if day < YEAR_END else YEAR_END,
    )
    assert recognized(life, day) == recognized(known, day)


@given(_prices, _work)
def test_revenue_does_not_fall_while_work_is_done(price: D, work: list[tuple[date, int]]) -> None:
    life = _life(Method.INPUT_HOURS, price, [], work)
    amounts = [recognized(life, START + timedelta(days=n)).amount for n in range(0, 364, 30)]
    assert amounts == sorted(amounts)
    assert all(0 <= amount <= price for amount in amounts)
