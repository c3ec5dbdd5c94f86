"""The price of a contract over its promises."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.revenue.calc.allocation import Basis, Belonging, CannotAllocate, Promise, allocate_price
from workledger.revenue.calc.variable import BadOutcomes, Estimation, Outcome, count

D = Decimal


def observable(*prices: str) -> list[Promise]:
    return [Promise(key, Basis.OBSERVABLE, D(price)) for key, price in enumerate(prices)]


def test_prices_alone_are_estimated_in_four_ways() -> None:
    promises = [
        Promise(1, Basis.OBSERVABLE, D(100)),
        Promise(2, Basis.ADJUSTED_MARKET, D(200), D(-10)),
        Promise(3, Basis.COST_PLUS_MARGIN, D(80), D(25)),
        Promise(4, Basis.RESIDUAL),
    ]
    found = allocate_price(D(500), promises, "EUR")
    assert [found[key].stand_alone for key in (1, 2, 3, 4)] == [100, 180, 100, 120]
    assert [found[key].amount for key in (1, 2, 3, 4)] == [100, 180, 100, 120]
    assert found[2].steps[0].said == "200.00 EUR with -10 % adjustment = 180.00 EUR."


def test_one_promise_takes_the_whole_price_even_without_one_of_its_own() -> None:
    assert allocate_price(D(70), [Promise(1, Basis.RESIDUAL)], "EUR")[1].amount == 70


@pytest.mark.parametrize(
    "promises",
    [
        [],
        [Promise(1, Basis.RESIDUAL), Promise(2, Basis.RESIDUAL)],
        [Promise(1, Basis.OBSERVABLE, D(200)), Promise(2, Basis.RESIDUAL)],
        observable("0", "0"),
    ],
)
def test_promises_that_do_not_say_how_are_refused(promises: list[Promise]) -> None:
    with pytest.raises(CannotAllocate):
        allocate_price(D(100), promises, "EUR")


_cents = st.integers(1, 10**9).map(lambda cents: D(cents) / 100)


@given(st.lists(_cents, min_size=1, max_size=8), _cents, st.lists(_cents, max_size=3), st.data())
def test_no_cent_is_lost(prices: list[D], total: D, parts: list[D], data: st.DataObject) -> None:
    promises = [Promise(key, Basis.OBSERVABLE, price) for key, price in enumerate(prices)]
    keys = st.lists(st.integers(0, len(prices) - 1), min_size=1, unique=True)
    belonging = [
        Belonging(data.draw(st.sampled_from([part, -part])), tuple(data.draw(keys)), "") for part in parts
    ]
    found = allocate_price(total, promises, "EUR", belonging)
    assert sum((each.amount for each in found.values()), D(0)) == total


def test_the_likeliest_or_the_expected_amount_is_counted_as_far_as_it_will_stay() -> None:
    outcomes = [Outcome(D(100), D(60)), Outcome(D(0), D(40))]
    assert count(outcomes, Estimation.EXPECTED_VALUE, "EUR").included == 60
    assert count(outcomes, Estimation.MOST_LIKELY, "EUR").included == 100
    held = count(outcomes, Estimation.MOST_LIKELY, "EUR", highly_probable=D(25))
    assert [held.included, held.constrained] == [25, 75]
    assert [step.name for step in held.steps] == ["Most likely amount", "Constraint"]


def test_a_penalty_is_constrained_downwards() -> None:
    outcomes = [Outcome(D(-100), D(40)), Outcome(D(0), D(60))]
    assert count(outcomes, Estimation.MOST_LIKELY, "EUR", highly_probable=D(-100)).included == -100


@pytest.mark.parametrize(
    "outcomes", [[], [Outcome(D(1), D(50))], [Outcome(D(1), D(-10)), Outcome(D(1), D(110))]]
)
def test_outcomes_that_are_no_estimate_are_refused(outcomes: list[Outcome]) -> None:
    with pytest.raises(BadOutcomes):
        count(outcomes, Estimation.EXPECTED_VALUE, "EUR")
