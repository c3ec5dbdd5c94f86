"""What falls due beside time."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.billing.calc import fees
from workledger.contracts.calc import terms
from workledger.kernel.period import Period

D = Decimal
START = date(2026, 1, 1)


def due(model: str, start: date, end: date | None, through: date, **document: Any) -> list[tuple[str, D]]:
    found = fees.due_charges(terms.parse(model, document), start, end, through, "EUR")
    return [(each.description, each.amount) for each in found]


def test_instalments_fall_due_by_date_and_the_last_takes_what_rounding_left() -> None:
    parts = [{"name": f"Part {n}", "percent": "33.3333", "due": f"2026-0{n}-01"} for n in (1, 2)]
    parts.append({"name": "Part 3", "percent": "33.3334", "due": "2026-03-01"})
    found = due("fixed_fee", START, None, date(2026, 12, 31), price="1000.01", instalments=parts)
    assert [amount for _, amount in found] == [D("333.34"), D("333.34"), D("333.33")]
    assert len(due("fixed_fee", START, None, date(2026, 2, 1), price="1000.01", instalments=parts)) == 2


def test_instalments_that_leave_some_of_the_price_are_rounded_alone() -> None:
    document = terms.parse("fixed_fee", {"price": "100", "instalments": [{"name": "Half", "percent": "50"}]})
    assert isinstance(document, terms.FixedFee)
    assert fees.instalment_amounts(document, "EUR") == [D("50.00")]


def test_a_retainer_is_due_in_advance_or_in_arrears() -> None:
    assert len(due("retainer", START, None, date(2026, 3, 1), fee="5000")) == 3
    assert len(due("retainer", START, None, date(2026, 3, 1), fee="5000", timing="arrears")) == 2
    assert len(due("retainer", START, None, date(2026, 3, 31), fee="5000", timing="arrears")) == 3


def test_a_contract_that_ends_mid_period_pays_its_days() -> None:
    found = due("retainer", date(2026, 1, 16), date(2026, 3, 11), date(2026, 12, 31), fee="3100")
    assert found == [
        ("Retainer, 16 Jan 2026 to 31 Jan 2026", D("1600.00")),
        ("Retainer, February 2026", D("3100.00")),
        ("Retainer, 01 Mar 2026 to 10 Mar 2026", D("1000.00")),
    ]
    whole = due(
        "retainer", date(2026, 1, 16), date(2026, 3, 11), date(2026, 12, 31), fee="3100", prorates=False
    )
    assert {amount for _, amount in whole} == {D("3100.00")}


def test_a_leap_february_has_its_own_share() -> None:
    [(_, amount)] = due("recurring", date(2028, 2, 15), None, date(2028, 2, 29), fee="2900")
    assert amount == D("1500.00")


def test_a_fee_rises_on_its_anniversary_alone_and_compounds() -> None:
    found = due(
        "recurring", START, None, date(2028, 1, 1), fee="999.99", escalation_percent="3", period_months=12
    )
    assert [amount for _, amount in found] == [D("999.99"), D("1029.99"), D("1060.89")]


def test_a_fee_follows_an_index() -> None:
    values = [{"day": "2025-12-01", "value": "120"}, {"day": "2026-12-01", "value": "126"}]
    found = due("recurring", START, None, date(2027, 2, 1), fee="1000", period_months=6, index_values=values)
    assert [amount for _, amount in found] == [D(1000), D(1000), D(1050)]


@pytest.mark.parametrize(
    ("day", "years"),
    [(date(2025, 2, 28), 0), (date(2025, 3, 1), 1), (date(2028, 2, 28), 3), (date(2028, 2, 29), 4)],
)
def test_the_year_from_29_february(day: date, years: int) -> None:
    assert fees.anniversaries(date(2024, 2, 29), day) == years


def test_a_renewing_fee_goes_on_past_its_end() -> None:
    assert len(due("recurring", START, date(2026, 3, 1), date(2026, 6, 1), fee="1")) == 2
    assert len(due("recurring", START, date(2026, 3, 1), date(2026, 6, 1), fee="1", renews=True)) == 6


TIERS = [
    {"from_quantity": "0", "price": "10"},
    {"from_quantity": "100", "price": "8"},
    {"from_quantity": "500", "price": "5"},
]


def units(**document: Any) -> terms.Units:
    found = terms.parse("unit", {"unit": "device", "tiers": TIERS} | document)
    assert isinstance(found, terms.Units)
    return found


@pytest.mark.parametrize(
    ("quantity", "graded", "volume"), [(0, 0, 0), (99, 990, 990), (100, 1000, 800), (600, 4700, 3000)]
)
def test_tiers_price_what_lies_in_them_or_by_volume_all(quantity: int, graded: int, volume: int) -> None:
    for by_volume, total in ((False, graded), (True, volume)):
        parts = fees.by_tiers(units(by_volume=by_volume), D(quantity), "EUR")
        assert sum(part.amount for part in parts) == total
        assert sum(part.quantity for part in parts) == quantity


def test_progress_claims_what_was_earned_since_and_holds_its_retainage() -> None:
    document = terms.parse("progress", {"value": "100000", "retainage_percent": "10"})
    assert isinstance(document, terms.Progress)
    first = fees.progress_charges(document, "1", START, D(30), D(0), "EUR")
    assert [each.amount for each in first] == [30000, -3000]
    revised = fees.progress_charges(document, "2", START, D(25), D(30000), "EUR")
    assert [each.amount for each in revised] == [-5000, 500]


def test_a_subscription_below_its_minimum_is_trued_up() -> None:
    """50 + 3 × 10 of usage against a minimum of 100: 20."""
    month = Period(START, date(2026, 2, 1))
    found = fees.true_up(month, D(100), D(50) + 3 * D(10), "EUR")
    assert found is not None
    assert found.amount == 20
    assert fees.true_up(month, D(100), D(100), "EUR") is None


def test_a_block_expires_on_a_day_that_exists() -> None:
    document = terms.parse("prepaid", {"block_hours": "10", "price": "1", "expires_after_months": 1})
    assert isinstance(document, terms.Prepaid)
    assert fees.expiry(document, date(2026, 1, 31)) == date(2026, 2, 28)


@given(
    st.lists(st.decimals("0.01", "30", places=4), min_size=1, max_size=8), st.decimals("0", "99999", places=2)
)
def test_instalments_never_exceed_the_price(percents: list[D], price: D) -> None:
    if sum(percents) > 100:
        return
    parts = [{"name": "Part", "percent": str(each)} for each in percents]
    document = terms.parse("fixed_fee", {"price": str(price), "instalments": parts})
    assert isinstance(document, terms.FixedFee)
    total = sum(fees.instalment_amounts(document, "EUR"), D(0))
    assert total <= price
    if sum(percents) == 100:
        assert total == price
