"""Modifications, losses, financing, and when the rest is expected."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.revenue.calc import financing, remaining
from workledger.revenue.calc.financing import Payment
from workledger.revenue.calc.losses import provision
from workledger.revenue.calc.modification import Answers, Kind, Rest, decide, effect, treatment_of
from workledger.revenue.calc.rights import breakage
from workledger.revenue.calc.timeline import Method, Obligation, Reached, Treatment, Version, recognized

D = Decimal
START = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (Answers(True, True, Rest.NOT_DISTINCT), Kind.SEPARATE),
        (Answers(True, False, Rest.DISTINCT), Kind.PROSPECTIVE),
        (Answers(False, True, Rest.DISTINCT), Kind.PROSPECTIVE),
        (Answers(False, False, Rest.NOT_DISTINCT), Kind.CATCH_UP),
        (Answers(True, False, Rest.SOME), Kind.MIXED),
    ],
)
def test_three_questions_decide_what_a_change_is(answers: Answers, kind: Kind) -> None:
    assert decide(answers).kind is kind


def test_a_kind_says_how_an_obligation_goes_on() -> None:
    assert treatment_of(Kind.CATCH_UP) is Treatment.CATCH_UP
    with pytest.raises(ValueError, match="mixed"):
        treatment_of(Kind.MIXED)


def test_the_effect_of_a_change_is_known_before_it_is_made() -> None:
    old = Obligation(
        Method.OUTPUT_PROGRESS, "EUR", [Version(START, D(1_000))], reached=[Reached(START, D("0.5"))]
    )
    day = date(2026, 2, 1)
    changed = Version(day, D(1_400), Treatment.CATCH_UP)
    assert effect(old, replace(old, versions=[*old.versions, changed]), day).at_once == 200
    later = changed._replace(treatment=Treatment.PROSPECTIVE)
    assert effect(old, replace(old, versions=[*old.versions, later]), day).at_once == 0


@pytest.mark.parametrize(
    ("recognized_", "spent", "expected_cost", "stands"),
    [
        (0, 0, 1_200, 200),  # the whole loss of 200 when it is known
        (500, 600, 1_200, 100),  # 100 was lost by then
        (1_000, 1_200, 1_200, 0),
        (0, 0, 900, 0),
    ],
)
def test_a_loss_is_provided_for_and_the_provision_shrinks_as_it_comes(
    recognized_: int, spent: int, expected_cost: int, stands: int
) -> None:
    found = provision(
        price=D(1_000), recognized=D(recognized_), expected_cost=D(expected_cost), cost_to_date=D(spent), currency="EUR"
    )  # fmt: skip
    assert found.amount == stands


def test_a_year_or_less_is_left_in_the_price() -> None:
    def ask(paid: date, *, expedient: bool = True) -> bool:
        return financing.decide(
            timing=financing.Timing.FINANCING, paid_on=paid, transferred_on=START, uses_expedient=expedient
        ).is_significant

    assert not ask(date(2025, 6, 1))
    assert ask(date(2025, 6, 1), expedient=False)
    assert ask(date(2024, 1, 1))


def test_money_paid_two_years_ahead_is_worth_more_than_it_is() -> None:
    # As in the standard's example 29: 4,000 at 6 % for two years is 4,494.40.
    paid = [Payment(START, D(4_000))]
    price, _ = financing.cash_price(paid, date(2028, 1, 1), D(6), "USD")
    assert price == D("4494.40")
    months = list(financing.interest(paid, date(2028, 1, 1), D(6), "USD", date(2027, 12, 31)))
    assert months[-1].to_date == D("-494.40")


@given(
    st.lists(st.tuples(st.dates(START, date(2030, 12, 31)), st.integers(1, 10**7)), min_size=1, max_size=5),
    st.dates(START, date(2030, 12, 31)),
    st.integers(1, 20),
)
def test_interest_and_price_make_up_what_is_paid(
    payments: list[tuple[date, int]], transfer: date, rate: int
) -> None:
    given_ = [Payment(day, D(cents) / 100) for day, cents in payments]
    price, _ = financing.cash_price(given_, transfer, D(rate), "EUR")
    earned = list(financing.interest(given_, transfer, D(rate), "EUR", date(2031, 1, 31)))
    nominal = sum((payment.amount for payment in given_), D(0))
    assert abs(price + earned[-1].to_date - nominal) <= D("0.01")


def test_prepaid_rights_that_nobody_can_foresee_are_earned_when_they_are_gone() -> None:
    assert breakage(D(100), D(5), D(10), None, "EUR")[0] == 50
    assert breakage(D(100), D(5), D(10), None, "EUR", is_over=True)[0] == 100
    amount, steps = breakage(D(100), D(5), D(10), D(20), "EUR")
    assert amount == D("62.50")
    assert steps[-1].said == "12.50 EUR of it is for rights not used."


def test_what_remains_is_spread_to_the_expected_end_or_stands_apart() -> None:
    rest = Obligation(Method.OUTPUT_PROGRESS, "EUR", [Version(START, D(100))])
    day = date(2026, 1, 31)
    assert [row.amount for row in remaining.expected(rest, day, date(2026, 4, 1))] == [D("47.46"), D("52.54")]
    assert remaining.expected(rest, day) == [remaining.Expected(None, D(100))]
    assert remaining.expected(rest, day, day) == [remaining.Expected(date(2026, 2, 1), D(100))]


def test_bands_hold_all_that_remains() -> None:
    terms = Version(START, D(3_600), start=START, end=date(2029, 1, 1))
    line = Obligation(Method.STRAIGHT_LINE, "EUR", [terms])
    day = date(2026, 6, 30)
    bands = remaining.bands(remaining.expected(line, day), remaining.usual_edges(day))
    assert sum((band.amount for band in bands), D(0)) == recognized(line, day).remaining
    assert [band.days.start for band in bands if band.days] == [
        date(2026, 7, 1), date(2026, 10, 1), date(2027, 7, 1), date(2028, 7, 1),
    ]  # fmt: skip


def test_a_contract_of_a_year_or_less_may_be_left_out() -> None:
    assert remaining.may_be_left_out(START, date(2027, 1, 1))
    assert not remaining.may_be_left_out(START, date(2027, 6, 1))
    assert not remaining.may_be_left_out(START, None)
