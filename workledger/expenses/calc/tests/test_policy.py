"""What an approver should look at."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from workledger.expenses.calc.policy import Claim, Policy, PolicyFlag, flags_of, needs_receipt, written

D = Decimal
DAY = date(2026, 3, 2)
HOTEL = Policy("Hotel", receipt_over=D(25), most_per_item=D(180))
CLEAN = Claim(DAY, D(120), "EUR", receipts=1, is_billable=True, contract_line="Delivery")


def sentences(claim: Claim, policy: Policy = HOTEL, **options: str) -> list[str]:
    return [flag.sentence for flag in flags_of(claim, policy, looked_at=DAY, **options)]


def test_a_clean_expense_has_no_flag() -> None:
    assert sentences(CLEAN) == []


@pytest.mark.parametrize(
    ("amount", "limit", "receipts", "needed"),
    [
        ("25", D(25), 0, False),
        ("25.01", D(25), 0, True),
        ("25.01", D(25), 1, False),
        ("0.01", D(0), 0, True),
        ("9999", None, 0, False),
    ],
)
def test_a_receipt_is_asked_for_over_an_amount(
    amount: str, limit: Decimal | None, receipts: int, needed: bool
) -> None:
    claim = replace(CLEAN, amount=D(amount), receipts=receipts)
    assert needs_receipt(claim, Policy("Hotel", limit)) is needed


def test_each_reason_is_a_sentence() -> None:
    claim = replace(
        CLEAN,
        amount=D("1234.5"),
        receipts=0,
        contract_line="Support",
        line_bills=False,
        closed_project="Project Atlas",
    )
    assert sentences(claim, same_receipt="an expense of Pia Lead of 1 Mar", same_purchase="another") == [
        "No receipt; Hotel needs one over 25.00 EUR.",
        "1,054.50 EUR more than the 180.00 EUR that Hotel allows.",
        "The same file is attached to an expense of Pia Lead of 1 Mar.",
        "Same vendor, date and amount as another.",
        "Billable, but the contract line Support does not bill.",
        "Project Atlas is closed.",
    ]


def test_where_every_receipt_counts_none_is_named_as_a_limit() -> None:
    claim = replace(CLEAN, receipts=0)
    assert sentences(claim, Policy("Taxi", receipt_over=D(0))) == ["No receipt; Taxi needs one."]


@pytest.mark.parametrize(("days", "late"), [(0, False), (90, False), (91, True)])
def test_an_old_expense_is_late(days: int, late: bool) -> None:
    flags = flags_of(CLEAN, HOTEL, looked_at=DAY + timedelta(days))
    assert [flag.code for flag in flags] == ([PolicyFlag.LATE] if late else [])


def test_a_cost_that_is_not_billed_may_stand_on_any_line() -> None:
    assert sentences(replace(CLEAN, is_billable=False, line_bills=False)) == []


def test_amounts_are_written_with_the_decimals_of_their_currency() -> None:
    assert (written(D("1234.5"), "EUR"), written(D(1200), "JPY")) == ("1,234.50 EUR", "1,200 JPY")
