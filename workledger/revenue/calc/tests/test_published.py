"""The illustrative examples of IFRS 15 (ASC 606-10-55 has the same), their stated figures as tables."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.revenue.calc import financing, modification, remaining, variable
from workledger.revenue.calc.allocation import Basis, Belonging, Promise, allocate_price
from workledger.revenue.calc.modification import Answers, Kind, Rest
from workledger.revenue.calc.rights import breakage, material_right_price
from workledger.revenue.calc.timeline import (
    Done,
    Estimate,
    Grain,
    Method,
    Obligation,
    Reached,
    Treatment,
    Version,
    by_month,
    recognized,
)

D = Decimal
START = date(2026, 1, 1)


def units(*versions: Version, reached: list[Reached]) -> Obligation:
    return Obligation(Method.OUTPUT_UNITS, "USD", versions, reached=reached)


def test_5a_added_units_at_their_own_price_are_a_contract_of_their_own() -> None:
    decision = modification.decide(Answers(adds_distinct=True, at_stand_alone_price=True, rest=Rest.DISTINCT))
    assert decision.kind is Kind.SEPARATE
    old = units(
        Version(START, D(12_000), total=D(120)),
        reached=[Reached(START, D(60)), Reached(date(2026, 2, 1), D(61))],
    )
    added = units(Version(START, D(30 * 95), total=D(30)), reached=[Reached(date(2026, 2, 1), D(1))])
    assert recognized(old, date(2026, 2, 1)).amount - recognized(old, START).amount == 100
    assert recognized(added, date(2026, 2, 1)).amount == 95


def test_5b_units_below_their_price_blend_with_the_rest_and_past_defects_are_credited_at_once() -> None:
    decision = modification.decide(Answers(True, False, Rest.DISTINCT))
    assert decision.kind is Kind.PROSPECTIVE
    changed = date(2026, 4, 1)
    initial = Version(START, D(12_000), total=D(120))
    credit = initial._replace(
        from_day=changed, treatment=Treatment.CATCH_UP, price=D(11_100), past=D(-15 * 60)
    )
    # 5,100 stands; 60 × 100 + 30 × 80 = 8,400 remain for 90 units.
    blended = Version(changed, D(5_100 + 8_400), Treatment.PROSPECTIVE, total=D(150))
    sold = [Reached(START, D(60)), Reached(date(2026, 4, 2), D(61)), Reached(date(2026, 5, 1), D(150))]
    obligation = units(initial, credit, blended, reached=sold)
    assert recognized(obligation, date(2026, 3, 31)).amount == 6_000
    assert recognized(obligation, changed).amount == 6_000 - 900
    assert recognized(obligation, date(2026, 4, 2)).amount == 5_100 + D("93.33")
    assert recognized(obligation, date(2026, 5, 1)).amount == 13_500


def test_7_a_series_of_services_is_modified_prospectively() -> None:
    # 200,000 stood after two years; 80,000 + 200,000 remain for four.
    versions = (
        Version(START, D(300_000), start=START, end=date(2029, 1, 1)),
        Version(date(2028, 1, 1), D(480_000), Treatment.PROSPECTIVE, start=START, end=date(2032, 1, 1)),
    )
    obligation = Obligation(Method.STRAIGHT_LINE, "USD", versions, grain=Grain.MONTHS)
    ends = [recognized(obligation, date(year, 12, 31)).amount for year in range(2026, 2032)]
    years = [after - before for before, after in zip([D(0), *ends], ends, strict=False)]
    assert years == [100_000, 100_000, 70_000, 70_000, 70_000, 70_000]
    assert recognized(obligation, date(2028, 1, 1)).price - 200_000 == 280_000


def test_8_a_change_of_one_obligation_catches_up_with_the_bonus_that_now_counts() -> None:
    assert modification.decide(Answers(False, False, Rest.NOT_DISTINCT)).kind is Kind.CATCH_UP
    year_end, changed = date(2026, 12, 31), date(2027, 1, 1)
    bonus = [variable.Outcome(D(200_000), D(60)), variable.Outcome(D(0), D(40))]
    held = variable.count(bonus, variable.Estimation.MOST_LIKELY, "USD", highly_probable=D(0))
    counts = variable.count(bonus, variable.Estimation.MOST_LIKELY, "USD")
    before = Obligation(
        Method.INPUT_COST,
        "USD",
        [Version(START, D(1_000_000) + held.included)],
        estimates=[Estimate(START, cost=D(700_000)), Estimate(changed, cost=D(820_000))],
        done=[Done(year_end, 0, D(420_000))],
    )
    assert held.constrained == 200_000
    first = recognized(before, year_end)
    assert [first.progress, first.amount, first.amount - 420_000] == [D("0.6"), 600_000, 180_000]
    price = D(1_000_000) + 150_000 + counts.included
    after = Obligation(
        before.method, "USD", [*before.versions, Version(changed, price, Treatment.CATCH_UP)],
        estimates=before.estimates, done=before.done,
    )  # fmt: skip
    now = recognized(after, changed)
    assert [now.price, round(now.progress, 3)] == [1_350_000, D("0.512")]
    assert now.amount - first.amount == D("91463.41")
    assert round(now.progress, 3) * now.price - first.amount == 91_200  # as printed, with rounded progress


def test_18_a_service_that_stands_ready_is_earned_by_the_month() -> None:
    terms = Version(START, D(1_200), start=START, end=date(2027, 1, 1))
    club = Obligation(Method.STRAIGHT_LINE, "USD", [terms], grain=Grain.MONTHS)
    assert {month.amount for month in by_month(club, date(2026, 12, 31))} == {D(100)}


def test_19_materials_not_yet_installed_are_earned_at_cost() -> None:
    # (5,000,000 - 1,500,000) × 500,000 / 2,500,000 + 1,500,000
    obligation = Obligation(
        Method.INPUT_COST,
        "USD",
        [Version(START, D(5_000_000))],
        estimates=[Estimate(START, cost=D(4_000_000), materials=D(1_500_000), delivered=D(1_500_000))],
        done=[Done(START, 0, D(2_000_000))],
    )
    found = recognized(obligation, date(2026, 12, 31))
    assert [found.progress, found.amount, found.amount - 2_000_000] == [D("0.2"), 2_200_000, 200_000]


def test_20_a_penalty_is_a_variable_part_of_the_price() -> None:
    price, penalty = D(1_000_000), D(100_000)
    fixed = price - penalty
    met = [variable.Outcome(penalty, D(70)), variable.Outcome(D(0), D(30))]
    counted = variable.count(met, variable.Estimation.MOST_LIKELY, "USD")
    assert [fixed, counted.estimate] == [900_000, 100_000]


def test_21_two_uncertain_amounts_are_estimated_each_in_its_way() -> None:
    days = [variable.Outcome(D(10_000 * late), D(25)) for late in (-1, 0, 1, 2)]
    daily = variable.count(days, variable.Estimation.EXPECTED_VALUE, "USD")
    quality = [variable.Outcome(D(150_000), D(80)), variable.Outcome(D(0), D(20))]
    bonus = variable.count(quality, variable.Estimation.MOST_LIKELY, "USD")
    assert [daily.estimate, bonus.estimate] == [5_000, 150_000]
    assert 2_500_000 + daily.included + bonus.included == 2_655_000


def test_24_a_rebate_for_all_units_takes_back_what_was_recognized_before() -> None:
    # 75 × 100; then 1,000 are expected, so (75 + 500) × 90 - 7,500
    quarters = date(2026, 3, 31), date(2026, 6, 30)
    obligation = units(
        Version(START, D(900 * 100), total=D(900)),
        Version(date(2026, 6, 1), D(1_100 * 90), Treatment.CATCH_UP, total=D(1_100)),
        reached=[Reached(quarters[0], D(75)), Reached(quarters[1], D(575))],
    )
    first, second = (recognized(obligation, day).amount for day in quarters)
    assert [first, second - first] == [7_500, 44_250]


@pytest.mark.parametrize(
    ("example", "timing"), [("27", financing.Timing.PROTECTION), ("30", financing.Timing.OTHER)]
)
def test_27_and_30_time_for_other_reasons_is_no_financing(example: str, timing: financing.Timing) -> None:
    found = financing.decide(timing=timing, paid_on=START, transferred_on=date(2029, 1, 1))
    assert not found.is_significant


def test_33_the_price_is_divided_by_what_each_would_cost_alone() -> None:
    promises = [Promise(key, Basis.OBSERVABLE, D(price)) for key, price in ((1, 50), (2, 25), (3, 75))]
    found = allocate_price(D(100), promises, "USD")
    assert [found[key].amount for key in (1, 2, 3)] == [D("33.33"), D("16.67"), D(50)]
    whole = allocate_price(D(100), promises, "JPY")
    assert [whole[key].amount for key in (1, 2, 3)] == [33, 17, 50]


def test_34_a_discount_on_some_and_an_uncertain_price() -> None:
    promises = [Promise(key, Basis.OBSERVABLE, D(price)) for key, price in ((1, 40), (2, 55), (3, 45))]
    discount = Belonging(D(-40), (2, 3), "Discount on B with C")
    found = allocate_price(D(100), promises, "USD", [discount])
    assert [found[key].amount for key in (1, 2, 3)] == [D(40), D(33), D(27)]
    with_d = [*promises, Promise(4, Basis.RESIDUAL)]
    found = allocate_price(D(130), with_d, "USD", [discount])
    assert [found[key].amount for key in (1, 2, 3, 4)] == [D(40), D(33), D(27), D(30)]


def test_39_revenue_before_a_right_to_bill_is_a_contract_asset() -> None:
    promises = [Promise(1, Basis.OBSERVABLE, D(400)), Promise(2, Basis.OBSERVABLE, D(600))]
    found = allocate_price(D(1_000), promises, "USD")
    handed = [Reached(START, D(1))]
    earned = [
        recognized(Obligation(Method.POINT_IN_TIME, "USD", [Version(START, found[key].amount)], reached=done), START)
        for key, done in ((1, handed), (2, []))
    ]  # fmt: skip
    assert [each.amount for each in earned] == [400, 0]
    both = recognized(
        Obligation(Method.POINT_IN_TIME, "USD", [Version(START, D(600))], reached=handed), START
    )
    assert sum((earned[0].amount, both.amount), D(0)) == 1_000  # what is billed then


def rest_by_year(price: D) -> list[D]:
    begins = date(2017, 7, 1)  # agreed on 30 June 2017
    terms = Version(begins, price, start=begins, end=date(2019, 7, 1))
    obligation = Obligation(Method.STRAIGHT_LINE, "USD", [terms], grain=Grain.MONTHS)
    rows = remaining.expected(obligation, date(2017, 12, 31))
    bands = remaining.bands(rows, [date(2018, 1, 1), date(2019, 1, 1)])
    return [band.amount for band in bands]


def test_42b_and_42c_the_rest_by_year() -> None:
    assert rest_by_year(D(400 * 24)) == [4_800, 2_400, 0]
    likely = variable.count([variable.Outcome(D(750), D(100))], variable.Estimation.EXPECTED_VALUE, "USD")
    price = 100 * 24 + likely.included
    assert price == 3_150
    found = rest_by_year(price)
    assert found == [1_575, D("787.5"), 0]
    assert [round(value + D("0.1")) for value in (found[1], sum(found, D(0)))] == [788, 2_363]  # as printed


def test_49_an_option_on_a_discount_is_worth_what_goes_beyond_the_usual() -> None:
    price, _ = material_right_price(D(50), D(40), D(10), D(80), "USD")
    assert price == 12
    promises = [Promise(1, Basis.OBSERVABLE, D(100)), Promise(2, Basis.OBSERVABLE, price)]
    found = allocate_price(D(100), promises, "JPY")
    assert [found[key].amount for key in (1, 2)] == [89, 11]


def test_52_points_that_will_not_be_used_are_earned_with_those_that_are() -> None:
    promises = [Promise(1, Basis.OBSERVABLE, D(100_000)), Promise(2, Basis.OBSERVABLE, D(9_500))]
    points = allocate_price(D(100_000), promises, "JPY")[2].amount
    first, _ = breakage(points, D(4_500), D(10_000), D(5), "JPY")
    second, _ = breakage(points, D(8_500), D(10_000), D(3), "JPY")
    assert [points, first, second - first] == [8_676, 4_110, 3_493]
