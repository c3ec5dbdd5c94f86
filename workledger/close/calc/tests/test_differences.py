"""Posting by difference, and items at the closing rate."""

from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.close.calc.differences import GONE, Key, Proposal, Sum, changes
from workledger.close.calc.revaluing import Item, cleared, revalued

TAXI = Key("expense", "project_expense", "accrued_expenses", "EUR", source_kind="expense", source_id=1)
HOTEL = TAXI._replace(source_id=2)


def sums(amount: str) -> Sum:
    return Sum(D(amount), D(amount))


def test_what_stands_is_not_posted_again() -> None:
    rows = [Proposal(TAXI, sums("30"), "Taxi"), Proposal(HOTEL, sums("100"), "Hotel")]
    found = changes(rows, {TAXI: sums("30"), HOTEL: sums("90")})
    assert [(change.proposal.reason, change.new.amount) for change in found] == [
        ("Taxi", D(0)),
        ("Hotel", D(10)),
    ]


def test_what_is_not_so_any_more_is_taken_back() -> None:
    (change,) = changes([], {TAXI: sums("30"), HOTEL: sums("0")})
    assert (change.proposal.reason, change.new) == (GONE, sums("-30"))


def test_lines_of_one_thing_are_added_up() -> None:
    (change,) = changes([Proposal(TAXI, sums("30"), "Taxi"), Proposal(TAXI, sums("12"), "Taxi")], {})
    assert change.new == sums("42")


@pytest.mark.parametrize(
    ("amount", "carried", "rate", "difference"),
    [
        ("1300", "117.00", "0.085", "-6.50"),  # a receivable that lost
        ("-1300", "-117.00", "0.085", "6.50"),  # a debt that lost is a gain
        ("1300", "117.00", "0.09", None),
        ("0.33", "0.03", "0.10", None),  # 0.033 is 0.03
        ("1000", "90.00", None, None),  # left out
    ],
)
def test_an_item_is_brought_to_the_closing_rate(
    amount: str, carried: str, rate: str | None, difference: str | None
) -> None:
    item = Item("receivable", "receivable", "SEK", D(amount), D(carried), 7, 8)
    found = revalued([item], {"SEK": D(rate)} if rate else {}, "EUR")
    assert [row.stands for row in found] == ([Sum(D(0), D(difference))] if difference else [])


def test_the_reason_is_the_arithmetic() -> None:
    (row,) = revalued([Item("receivable", "receivable", "SEK", D(1300), D(117))], {"SEK": D("0.0850")}, "EUR")
    assert row.reason == "1,300.00 SEK at 0.085 is 110.50 EUR; the books have 117.00 EUR."


def test_a_remainder_is_cleared_for_good() -> None:
    (row,) = cleared([Item("contract_asset", "contract_position", "USD", D(0), D("15.09"))], "EUR")
    assert (row.key.counter, row.stands, row.is_reversed) == ("realized_fx", Sum(D(0), D("-15.09")), False)
