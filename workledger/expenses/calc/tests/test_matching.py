"""A vendor's bill against approved time."""

from decimal import Decimal

import pytest

from workledger.expenses.calc.matching import Charged, Work, difference, shares

D = Decimal
ATLAS = Work(1, 1, 1, 10, 100, 5, 2, 1, 1)
BEACON = ATLAS._replace(project_id=11, task_id=110)


def worked(entry_id: int, work: Work, hours: int, cost: str) -> Charged:
    return Charged(entry_id, work, hours * 3600, D(cost))


def test_the_difference_is_billed_less_approved() -> None:
    time = [worked(1, ATLAS, 8, "400"), worked(2, BEACON, 4, "200")]
    assert difference(14 * 3600, D(700), time) == (2 * 3600, D(100))
    assert difference(12 * 3600, D(600), time).is_none


def test_it_is_spread_by_labour_cost_and_loses_no_cent() -> None:
    time = [worked(1, ATLAS, 8, "400"), worked(2, BEACON, 4, "200"), worked(3, ATLAS, 0, "0")]
    assert shares(D("100.00"), time, "EUR") == {ATLAS: D("66.67"), BEACON: D("33.33")}
    assert shares(D("-100.00"), time, "EUR") == {ATLAS: D("-66.67"), BEACON: D("-33.33")}


def test_without_cost_rates_hours_decide() -> None:
    time = [worked(1, ATLAS, 3, "0"), worked(2, BEACON, 1, "0")]
    assert shares(D(100), time, "EUR") == {ATLAS: D(75), BEACON: D(25)}


def test_without_hours_either_it_is_spread_evenly() -> None:
    assert shares(D(100), [worked(1, ATLAS, 0, "0"), worked(2, BEACON, 0, "0")], "EUR") == {
        ATLAS: D(50),
        BEACON: D(50),
    }


def test_without_any_time_there_is_nothing_to_spread_over() -> None:
    with pytest.raises(ValueError, match="weights"):
        shares(D(100), [], "EUR")
