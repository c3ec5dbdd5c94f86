"""Every formula by table, with the published examples of days sales outstanding."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.metrics.calc import formulas as f
from workledger.metrics.calc.formulas import Sales

D = Decimal
_TRUTH = Path(__file__).resolve().parents[4].parent / "shared" / "truth" / "kpi-examples.json"


@pytest.mark.parametrize(
    ("billable", "capacity", "share"),
    [(110, 160, D("0.6875")), (0, 160, D(0)), (8, 0, None), (200, 160, D("1.25"))],
)
def test_utilization(billable: int, capacity: int, share: Decimal | None) -> None:
    assert f.utilization(billable * 3600, capacity * 3600) == share


@pytest.mark.parametrize(
    ("revenue", "cost", "amount", "share"),
    [("1000", "640", "360", D("0.36")), ("0", "50", "-50", None), ("100", "150", "-50", D("-0.5"))],
)
def test_margin(revenue: str, cost: str, amount: str, share: Decimal | None) -> None:
    assert (f.margin(D(revenue), D(cost)), f.margin_share(D(revenue), D(cost))) == (D(amount), share)


@pytest.mark.parametrize(
    ("used", "budget", "done", "burned", "ahead"),
    [
        (75, 100, D("0.6"), D("0.75"), D("0.15")), (120, 100, D(1), D("1.2"), D("0.2")), (5, None, D("0.1"), None, None),
        (5, 0, None, None, None), (50, 100, None, D("0.5"), None),
    ],
)  # fmt: skip
def test_burn_and_gap(
    used: int, budget: int | None, done: Decimal | None, burned: Decimal | None, ahead: Decimal | None
) -> None:
    assert (f.burn(used, budget), f.gap(f.burn(used, budget), done)) == (burned, ahead)


def _dso_cases() -> list[Any]:
    return json.loads(_TRUTH.read_text())["dso"] if _TRUTH.exists() else []


@pytest.mark.skipif(not _TRUTH.exists(), reason="the published examples are not at hand")
def test_days_sales_outstanding_as_published() -> None:
    back, simple = _dso_cases()
    sales = [Sales(D(amount), back["days"]) for amount in back["sales_latest_first"]]
    found = f.dso_countback(D(back["ar"]), sales)
    assert found is not None
    assert round(found, 2) == D(str(back["countback"]))
    found = f.dso_simple(D(simple["ar"]), D(simple["annual_sales"]), 365)
    assert found is not None
    assert round(found, 1) == D(str(simple["simple"]))


@pytest.mark.parametrize(
    ("owed", "sales", "days"),
    [
        (0, [(100, 30)], D(0)), (-5, [(100, 30)], D(0)), (50, [(100, 30)], D(15)), (100, [(100, 30)], D(30)),
        (150, [(100, 20), (100, 30)], D(35)),  # 20 whole days, then 50/100 × 30
        (50, [(0, 20), (100, 30)], D(35)),  # a month without billing counts whole
        (300, [(100, 30)], None), (1, [], None),
    ],
)  # fmt: skip
def test_countback(owed: int, sales: list[tuple[int, int]], days: Decimal | None) -> None:
    assert f.dso_countback(D(owed), [Sales(D(amount), length) for amount, length in sales]) == days


def test_simple_needs_sales() -> None:
    assert f.dso_simple(D(10), D(0), 365) is None


def test_billing_lag_weighs_by_amount() -> None:
    assert f.weighted_mean([(D(100), 10), (D(300), 30)]) == D(25)  # (1000 + 9000) / 400
    assert f.weighted_mean([]) is None


@pytest.mark.parametrize(
    ("age", "place"),
    [(-3, 0), (0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (120, 3), (121, 4), (999, 4)],
)
def test_wip_ages_from_the_day_of_work(age: int, place: int) -> None:
    assert f.wip_bucket(age) == place


@pytest.mark.parametrize(
    ("overdue", "place"), [(-20, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (90, 3), (91, 4), (999, 4)]
)
def test_receivables_age_from_the_due_date(overdue: int, place: int) -> None:
    assert f.ar_bucket(overdue) == place


@given(
    st.decimals(0, 10**9, places=2),
    st.lists(st.tuples(st.decimals(0, 10**8, places=2), st.integers(28, 31)), min_size=1, max_size=24),
)
def test_countback_never_exceeds_the_days_it_counts(owed: Decimal, sales: list[tuple[Decimal, int]]) -> None:
    found = f.dso_countback(owed, [Sales(*each) for each in sales])
    covered = sum((amount for amount, _ in sales), D(0))
    if found is None:
        assert owed > covered
    else:
        assert 0 <= found <= sum(days for _, days in sales)
        assert owed <= covered


def test_amounts_fill_every_place() -> None:
    assert f.filled([(1, D(5)), (1, D(2)), (3, D(1))], 4) == (D(0), D(7), D(0), D(1))
